"""Everything the operator decides, read once from the environment. Fails loudly.

A secret may come from a file: KHUEN_KEK_FILE instead of KHUEN_KEK, and so on.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

ROLES = ("owner", "app", "auth", "lead", "backup")


class SettingsError(SystemExit):
    """The environment is incomplete or wrong; the text says which variable."""


@dataclass(frozen=True)
class Settings:
    database_url: str  #: host and database only, no user: postgresql:///khuen?host=/run/…
    passwords: dict[str, str] = field(repr=False)  #: database role without its prefix -> password
    redis_url: str | None = field(repr=False)  #: None: the one-second poll alone keeps the work going
    kek: bytes = field(repr=False)  #: 32 bytes, the key that wraps every tenant key; kept outside the database
    origin: str = "http://localhost:8000"  #: scheme and host of the site, for links, passkeys and Origin checks
    demo: bool = False  #: practice tenants are listed on the front page, the component page is open
    trusted_proxies: frozenset[str] = frozenset()  #: addresses whose X-Forwarded-For is believed
    seals_dir: Path | None = None  #: where the hourly sealed heads of the audit chains go (outside the database)
    erasures_file: Path | None = None  #: key ids of erased people, applied again after a restore
    signing_keys_dir: Path | None = None  #: hospitals' keys, one PKCS#12 file for each district (docs/certificates.md)
    providers_file: Path | None = None  #: TOML with the sign-in providers (docs/sign-in.md)
    smtp_url: str | None = field(default=None, repr=False)  #: smtp://user:secret@host:port
    mail_from: str = "khuen@localhost"
    line_api: str = "https://api.line.me"  #: where LINE's Messaging API is; another place only for tests
    push_key: bytes | None = field(default=None, repr=False)  #: 32 bytes: the P-256 key that web pushes are signed with
    push_test: str | None = None  #: a push service on this machine, for tests; the environment cannot set it
    sms_gateway: str | None = None  #: thaibulksms
    sms_api: str | None = None  #: another address of the gateway than its own, for tests
    sms_key: str | None = field(default=None, repr=False)
    sms_secret: str | None = field(default=None, repr=False)
    sms_sender: str = "SMS."  #: the registered name that text messages carry
    log_format: str = "json"
    keep_import_days: int = 30  #: rows of an import, from the last thing that happened to it; 2 or more
    keep_draft_days: int = 30  #: a draft of an enrolment that nobody touches

    def dsn(self, role: str) -> str:
        """Connection string of one database role ("app", "auth", "lead", "owner", "backup")."""
        password = self.passwords.get(role)
        if password is None:
            raise SettingsError(f"KHUEN_DATABASE_{role.upper()}_PASSWORD (or _FILE) is not set")
        parts = urlsplit(self.database_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"khuen_{role}:{quote(password, safe='')}@{place}"))

    @property
    def secure(self) -> bool:
        """Cookies carry Secure and the __Host- prefix; localhost counts as secure in every browser."""
        return self.origin.startswith("https://")


def load(env: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the environment.

    Raises SettingsError with the name of the first wrong variable.
    """
    return Settings(
        database_url=_required(env, "KHUEN_DATABASE_URL"),
        passwords={r: v for r in ROLES if (v := _secret(env, f"KHUEN_DATABASE_{r.upper()}_PASSWORD"))},
        redis_url=_secret(env, "KHUEN_REDIS_URL"),
        kek=_key(env, "KHUEN_KEK"),
        origin=env.get("KHUEN_ORIGIN", "http://localhost:8000").rstrip("/"),
        demo=_flag(env, "KHUEN_DEMO"),
        trusted_proxies=frozenset(filter(None, env.get("KHUEN_TRUSTED_PROXIES", "").replace(" ", "").split(","))),
        seals_dir=_path(env, "KHUEN_SEALS_DIR"),
        erasures_file=_path(env, "KHUEN_ERASURES_FILE"),
        signing_keys_dir=_path(env, "KHUEN_SIGNING_KEYS_DIR"),
        providers_file=_path(env, "KHUEN_PROVIDERS_FILE"),
        smtp_url=_secret(env, "KHUEN_SMTP_URL"),
        mail_from=env.get("KHUEN_MAIL_FROM", "khuen@localhost"),
        line_api=_address(env, "KHUEN_LINE_API", "https://api.line.me"),
        push_key=_key(env, "KHUEN_PUSH_KEY") if _secret(env, "KHUEN_PUSH_KEY") else None,
        **_sms(env),
        log_format=_one_of(env, "KHUEN_LOG_FORMAT", ("json", "plain")),
        keep_import_days=_days(env, "KHUEN_KEEP_IMPORT_DAYS", 30, 2),
        keep_draft_days=_days(env, "KHUEN_KEEP_DRAFT_DAYS", 30, 1),
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _secret(env: Mapping[str, str], name: str) -> str | None:
    direct, file = env.get(name), env.get(f"{name}_FILE")
    if direct and file:
        raise SettingsError(f"set {name} or {name}_FILE, not both")
    if file:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE: {error.strerror}: {file}") from None
    return direct or None


def _key(env: Mapping[str, str], name: str) -> bytes:
    text = _secret(env, name)
    if text is None:
        raise SettingsError(f"{name} (or {name}_FILE) is not set: 32 random bytes in base64")
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{name} must be 32 bytes in base64 (openssl rand -base64 32)")
    return key


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "False")
    if value not in ("True", "False"):
        raise SettingsError(f"{name} must be exactly True or False, not {value!r}")
    return value == "True"


def _days(env: Mapping[str, str], name: str, usual: int, fewest: int) -> int:
    text = env.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or not fewest <= int(text) <= 3650:
        raise SettingsError(f"{name} must be a number of days from {fewest} to 3650, not {text!r}")
    return int(text)


def _sms(env: Mapping[str, str]) -> dict[str, Any]:
    if not env.get("KHUEN_SMS_GATEWAY"):
        return {}
    return {
        "sms_gateway": _one_of(env, "KHUEN_SMS_GATEWAY", ("thaibulksms",)),
        "sms_key": _needed_secret(env, "KHUEN_SMS_KEY"),
        "sms_secret": _needed_secret(env, "KHUEN_SMS_SECRET"),
        "sms_sender": _required(env, "KHUEN_SMS_SENDER"),
    }


def _needed_secret(env: Mapping[str, str], name: str) -> str:
    value = _secret(env, name)
    if value is None:
        raise SettingsError(f"{name} (or {name}_FILE) is not set")
    return value


def _address(env: Mapping[str, str], name: str, usual: str) -> str:
    """Where a service is. Secrets go there, so it is https, or this machine itself."""
    value = env.get(name, usual).rstrip("/")
    parts = urlsplit(value)
    if not (parts.scheme == "https" and parts.hostname) and parts.hostname not in ("127.0.0.1", "localhost"):
        raise SettingsError(f"{name} must begin with https://, not {value!r}")
    return value


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(value) if (value := env.get(name)) else None


def _one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = env.get(name, choices[0])
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value
