"""The site, built once for each set of settings: half a second of every test otherwise, and it holds nothing of a test.

What a test changes lives in the database, in Redis, in what the lifespan makes anew, and in what `sessions.forget_all`
empties.
"""

from __future__ import annotations

from dataclasses import astuple

from litestar import Litestar

from khuen import app as site
from khuen import vault
from khuen.settings import Settings

_KEPT = 8
_built: dict[str, Litestar] = {}


def app(settings: Settings, *, pool_size: int = 8) -> Litestar:
    """The site of these settings; what another test may have set otherwise is theirs again."""
    vault.configure(settings.kek, settings.erasures_file)
    key = repr((astuple(settings), pool_size, [id(route) for route in site.ROUTES]))
    found = _built.pop(key, None) or site.create_app(settings, pool_size=pool_size)
    found.state.settings = settings
    _built[key] = found  # the newest last
    while len(_built) > _KEPT:
        _built.pop(next(iter(_built)))
    return found
