"""What a district set, and the rule packs it published, as every process holds them.

A published pack never changes, so it is kept for ever; settings are looked at again after a second.
"""

from __future__ import annotations

import time
from uuid import UUID

import msgspec

from khuen import district, district_rows
from khuen.district import DistrictSettings, RulePack
from khuen.errors import NotFound
from khuen.tenancy import Here, hot

_SECONDS = 1.0
_packs: dict[UUID, dict[UUID, RulePack]] = {}
_settings: dict[UUID, tuple[float, DistrictSettings]] = {}


async def all_of(here: Here) -> dict[UUID, RulePack]:
    """Every pack of the tenant by id. No query while no case names a pack that this process has not seen."""
    if not _packs.get(here.tenant_id):  # none yet is nothing to remember: the first may be published now
        rows = await hot("SELECT id, content FROM pack WHERE tenant_id = $1")
        _packs[here.tenant_id] = {row["id"]: district.from_content(msgspec.json.decode(row["content"])) for row in rows}
    return _packs[here.tenant_id]


async def pack(here: Here, pack_id: UUID) -> RulePack:
    """One pack; a pack published after this process last looked is looked up. Raises NotFound."""
    if pack_id not in await all_of(here):
        forget(here.tenant_id)
    try:
        return (await all_of(here))[pack_id]
    except KeyError:
        raise NotFound from None


async def settings_of(here: Here) -> DistrictSettings:
    """What holds now in the tenant."""
    held = _settings.get(here.tenant_id)
    if held is None or held[0] < time.monotonic():
        newest = await district_rows.newest(here)
        if newest is None:
            raise NotFound
        held = time.monotonic() + _SECONDS, newest.settings
        _settings[here.tenant_id] = held
    return held[1]


def forget(tenant_id: UUID) -> None:
    """Look again at the next use."""
    _packs.pop(tenant_id, None)
    _settings.pop(tenant_id, None)
