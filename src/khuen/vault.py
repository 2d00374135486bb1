"""Sealed columns and blind indexes. Why each choice: docs/decisions/0004-sealed-data.md.

KHUEN_KEK (outside the database) wraps one key per district; a district's key wraps one key per person. What is sealed
under a person's key is gone for good, in every backup too, once the person's wrapped key is gone (erasure.py).
"""

from __future__ import annotations

import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from khuen import clock, tenancy
from khuen.database import DB
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here

VERSION = b"\x01"  # first byte of everything sealed, so that a later form can stand beside this one
NONCE_BYTES = 12
CACHE_SECONDS = 300.0
CACHE_SIZE = 2000  # districts of one process; Thailand has 928


class Erased(NotFound):
    """The key is gone: the person was erased (or was never here), and looks like a missing record."""


class WrongKey(RuntimeError):
    """What is stored cannot be opened: another KHUEN_KEK, or bytes that somebody moved or changed."""


@dataclass(frozen=True)
class PersonVault:
    """AES-256-GCM under one key, bound to the place: bytes copied to another row, column or district do not open."""

    tenant_id: UUID
    key: bytes = field(repr=False)

    def seal(self, table: str, column: str, row_id: UUID, text: str) -> bytes:
        """29 bytes more than the text in UTF-8: version, nonce of 12, tag of 16."""
        return _seal(self._cipher, f"{self.tenant_id}|{table}|{column}|{row_id}", text.encode())

    def unseal(self, table: str, column: str, row_id: UUID, sealed: bytes) -> str:
        """Raises WrongKey."""
        return _unseal(self._cipher, f"{self.tenant_id}|{table}|{column}|{row_id}", sealed).decode()

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.key)


@dataclass(frozen=True)
class TenantVault(PersonVault):
    """The same under the district's key (drafts, import rows, members' phone and e-mail), and its blind indexes."""

    index_key: bytes = field(repr=False)
    wrapping_key: bytes = field(repr=False)

    def blind(self, kind: str, normalised: str) -> bytes:
        """HMAC-SHA256 of a normalised value ("national_id", "phone", "last4"): equal values are equal, here only."""
        return hmac.digest(self.index_key, f"{kind}|{normalised}".encode(), "sha256")

    def wrap(self, person_id: UUID, key_id: UUID, key: bytes) -> bytes:
        return _seal(self._wrapper, f"{self.tenant_id}|vault.person_key|{person_id}|{key_id}", key)

    def unwrap(self, person_id: UUID, key_id: UUID, wrapped: bytes) -> PersonVault:
        """Raises WrongKey."""
        place = f"{self.tenant_id}|vault.person_key|{person_id}|{key_id}"
        return PersonVault(self.tenant_id, _unseal(self._wrapper, place, wrapped))

    @cached_property
    def _wrapper(self) -> AESGCM:
        return AESGCM(self.wrapping_key)


def configure(kek: bytes, erasures_file: Path | None = None) -> None:
    """Give this process the operator's key, at start. Forgets every district's key it held."""
    _held.kek, _held.erasures_file = kek, erasures_file
    _held.tenants.clear()


def erasures_file() -> Path:
    """Where the ids of thrown-away keys are written, outside the database. Raises RuntimeError when not configured."""
    if _held.erasures_file is None:
        raise RuntimeError("KHUEN_ERASURES_FILE is not set: an erasure that no restore would know of is refused")
    return _held.erasures_file


async def open_tenant(here: Here) -> TenantVault:
    """The district's vault, made on first use. No query when this process used it within the last five minutes.

    Raises WrongKey when KHUEN_KEK is not the one that made it, RuntimeError outside `within(here)`.
    """
    if tenancy.tenant() != here.tenant_id:
        raise RuntimeError("the open transaction belongs to another district")
    transaction = DB.current_transaction.get()
    vault = _fresh.get(transaction) or _cached(here.tenant_id)
    if vault is not None:
        return vault
    rows = await tenancy.hot(_TENANT_KEY)
    if not rows:
        rows = await tenancy.hot(_NEW_TENANT_KEY, _wrapped_tenant_key(here.tenant_id), clock.now())
        if rows:
            _fresh[transaction] = vault = _opened(here.tenant_id, rows[0]["wrapped"])
            return vault
        rows = await tenancy.hot(_TENANT_KEY)  # somebody else made it while we waited
    return _keep(here.tenant_id, _opened(here.tenant_id, rows[0]["wrapped"]))


async def new_person_key(here: Here, person_id: UUID) -> PersonVault:
    """The person's own vault, made once: a form that is sent twice gets the same one."""
    return (await make_person_keys(here, [person_id]))[person_id]


async def make_person_keys(here: Here, person_ids: Collection[UUID]) -> dict[UUID, PersonVault]:
    """The same for many people: one batch of inserts and one query, for imports and practice data."""
    vault, at = await open_tenant(here), clock.now()
    rows: list[tuple[Any, ...]] = []
    for person_id in person_ids:
        key_id = uuid7(at)
        rows.append((key_id, person_id, vault.wrap(person_id, key_id, os.urandom(32)), at))
    await tenancy.many(
        """INSERT INTO vault.person_key (tenant_id, id, person_id, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (tenant_id, person_id) DO NOTHING""",
        rows,
    )
    return await persons(here, person_ids)


async def person(here: Here, person_id: UUID) -> PersonVault:
    """One person's vault. Raises Erased when the key is gone."""
    found = await persons(here, [person_id])
    if person_id not in found:
        raise Erased
    return found[person_id]


async def persons(here: Here, person_ids: Collection[UUID]) -> dict[UUID, PersonVault]:
    """The vaults of many people in one query; who was erased is not in the answer."""
    vault = await open_tenant(here)
    rows = await tenancy.hot(
        "SELECT id, person_id, wrapped FROM vault.person_key WHERE tenant_id = $1 AND person_id = ANY($2::uuid[])",
        list(person_ids),
    )
    return {row["person_id"]: vault.unwrap(row["person_id"], row["id"], row["wrapped"]) for row in rows}


def derive(key: bytes, purpose: str) -> bytes:
    """A 32-byte sub-key for one purpose (HKDF-SHA256), so that no key serves two."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"khuen {purpose} v1".encode()).derive(key)


# A district has one key: its row's id is the district's own.
_TENANT_KEY = "SELECT wrapped FROM vault.tenant_key WHERE tenant_id = $1 AND id = $1"
_NEW_TENANT_KEY = """INSERT INTO vault.tenant_key (tenant_id, id, wrapped, created_at) VALUES ($1, $1, $2, $3)
    ON CONFLICT (tenant_id, id) DO NOTHING RETURNING wrapped"""


@dataclass
class _Held:
    """What this process holds: the operator's key and, for a short while, districts' keys."""

    kek: bytes | None = None
    erasures_file: Path | None = None
    tenants: OrderedDict[UUID, tuple[float, TenantVault]] = field(default_factory=OrderedDict)


_held = _Held()
# A key made in a transaction that is still open may yet be rolled back: it must not be cached beyond it.
_fresh: WeakKeyDictionary[Any, TenantVault] = WeakKeyDictionary()


def _cached(tenant_id: UUID) -> TenantVault | None:
    until, vault = _held.tenants.get(tenant_id, (0.0, None))
    return vault if time.monotonic() < until else None


def _keep(tenant_id: UUID, vault: TenantVault) -> TenantVault:
    _held.tenants.pop(tenant_id, None)
    _held.tenants[tenant_id] = (time.monotonic() + CACHE_SECONDS, vault)
    while len(_held.tenants) > CACHE_SIZE:
        _held.tenants.popitem(last=False)
    return vault


def _opened(tenant_id: UUID, wrapped: bytes) -> TenantVault:
    key = _unseal(_kek_wrapper(), f"{tenant_id}|vault.tenant_key", wrapped)
    return TenantVault(tenant_id, derive(key, "seal"), derive(key, "blind index"), derive(key, "wrap person key"))


def _wrapped_tenant_key(tenant_id: UUID) -> bytes:
    return _seal(_kek_wrapper(), f"{tenant_id}|vault.tenant_key", os.urandom(32))


def _kek_wrapper() -> AESGCM:
    if _held.kek is None:
        raise RuntimeError("vault.configure() was not called")
    return AESGCM(derive(_held.kek, "wrap tenant key"))


def _seal(cipher: AESGCM, place: str, content: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + cipher.encrypt(nonce, content, place.encode())


def _unseal(cipher: AESGCM, place: str, sealed: bytes) -> bytes:
    nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if sealed[:1] != VERSION:
            raise InvalidTag
        return cipher.decrypt(nonce, content, place.encode())
    except (InvalidTag, ValueError):
        raise WrongKey("sealed bytes do not open: another key, or another place") from None
