"""The site, built once for each set of settings: half a second of every test otherwise, and it holds nothing of a test.

What a test changes lives in the database, in Redis and in what `sessions.forget_all` empties.
"""

from __future__ import annotations

from dataclasses import astuple
from functools import lru_cache

from litestar import Litestar

from khuen import vault
from khuen.app import create_app
from khuen.settings import Settings


def app(settings: Settings) -> Litestar:
    """The site of these settings; the vault is set to their key again, which another test may have changed."""
    vault.configure(settings.kek, settings.erasures_file)
    return _built(_Key(settings))


class _Key:
    """Settings hold a dictionary, so they cannot be a key themselves; equal settings make one site."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._text = repr(astuple(settings))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@lru_cache(maxsize=8)
def _built(key: _Key) -> Litestar:
    return create_app(key.settings)
