"""The organisations whose sign-in is accepted, as the operator wrote them down in TOML (docs/sign-in.md)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from khuen.settings import SettingsError

PUBLISHED_KEYS = ("RS256", "ES256")
KINDS: dict[str, dict[str, Any]] = {
    "generic": {},
    "line": {
        "issuer": "https://access.line.me",
        "authorization_endpoint": "https://access.line.me/oauth2/v2.1/authorize",
        "token_endpoint": "https://api.line.me/oauth2/v2.1/token",
        "algorithms": ("HS256",),  # the web id_token is signed with the channel secret
        "token_endpoint_auth_method": "client_secret_post",
    },
    "thaid": {
        "issuer": "https://imauth.bora.dopa.go.th",
        "authorization_endpoint": "https://imauth.bora.dopa.go.th/api/v2/oauth2/auth/",
        "token_endpoint": "https://imauth.bora.dopa.go.th/api/v2/oauth2/token/",
        "scope": "openid pid",
        "subject_claim": "pid",
        "token_endpoint_auth_method": "client_secret_basic",
    },
}


@dataclass(frozen=True, slots=True)
class Provider:
    id: str
    title: str
    kind: str
    client_id: str
    client_secret: str = field(repr=False)
    issuer: str = ""
    discovery: str = ""  #: address of .well-known/openid-configuration; else the endpoints are given
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    end_session_endpoint: str = ""
    scope: str = "openid"
    subject_claim: str = "sub"
    algorithms: tuple[str, ...] = PUBLISHED_KEYS
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105
    pkce: bool = True
    nonce: bool = True


def load(file: Path | None) -> dict[str, Provider]:
    """The providers of a TOML file by id. Raises SettingsError with the file and what is wrong in it."""
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from None
    return {id_: _provider(file, id_, table) for id_, table in content.items()}


def _provider(file: Path, id_: str, table: Any) -> Provider:
    if not isinstance(table, dict):
        raise SettingsError(f"{file}: {id_} must be a table: [{id_}]")
    kind = table.get("kind", "generic")
    if kind not in KINDS:
        raise SettingsError(f"{file}: [{id_}] kind must be one of {', '.join(KINDS)}, not {kind!r}")
    values = {**KINDS[kind], "kind": kind, "title": id_, **table}
    if secret_file := values.pop("client_secret_file", None):
        values["client_secret"] = Path(secret_file).read_text().strip()
    if unknown := set(values) - {each.name for each in fields(Provider)}:
        raise SettingsError(f"{file}: [{id_}] does not know {', '.join(sorted(unknown))}")
    for name in ("client_id", "client_secret"):
        if not values.get(name):
            raise SettingsError(f"{file}: [{id_}] {name} is missing")
    values["algorithms"] = tuple(values.get("algorithms", PUBLISHED_KEYS))
    provider = Provider(id=id_, **values)
    if not provider.discovery and not (provider.authorization_endpoint and provider.token_endpoint):
        raise SettingsError(f"{file}: [{id_}] needs discovery, or authorization_endpoint and token_endpoint")
    if "HS256" in provider.algorithms and len(provider.algorithms) > 1:
        raise SettingsError(f"{file}: [{id_}] HS256 cannot be mixed with algorithms of published keys")
    return provider
