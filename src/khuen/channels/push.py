"""Web push (RFC 8030, VAPID by RFC 8292): an empty push, to which the browser's worker says that something waits.

An empty one needs no encryption and can leak nothing. The address of a browser was given by that browser: only known
push services are ever called (docs/channels.md, threat 34).
"""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from khuen import clock
from khuen.channels import GiveUp, Means, Outgoing, Receipt, web_api
from khuen.members import Contact
from khuen.settings import Settings

EXACTLY_ONCE = False
LONGEST = 1000  #: characters of an address
KEPT = 12 * 3600  #: seconds for which the service keeps it for a phone that is off
SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    ".push.apple.com",
    ".notify.windows.com",
)


def address(contact: Contact) -> str | None:
    return contact.push


def ready(means: Means) -> bool:
    return means.settings.push_key is not None


def known(endpoint: str, settings: Settings) -> bool:
    """Whether this is a page of a known push service: never a place inside the house, whatever a browser says."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if settings.push_test and endpoint.startswith(settings.push_test + "/"):
        return True
    plain = endpoint.isascii() and endpoint.isprintable() and len(endpoint) <= LONGEST and "@" not in parts.netloc
    served = any(host.endswith(one) if one[0] == "." else host == one for one in SERVICES)
    return plain and served and parts.scheme == "https" and port in (None, 443)


def public_key(settings: Settings) -> str:
    """What a browser subscribes with: the public half of the operator's key, base64url."""
    point = _private(settings.push_key or b"").public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _text(point)


async def send(outgoing: Outgoing, means: Means) -> Receipt:
    """The key is the topic as well: pushes of one try that wait for a phone become one."""
    if not known(outgoing.address, means.settings):
        raise GiveUp("not a push service")
    headers = {
        "authorization": f"vapid t={_token(outgoing.address, means.settings)}, k={public_key(means.settings)}",
        "ttl": str(KEPT),
        "urgency": "high",
        "topic": outgoing.key.hex,
    }
    await web_api.post(outgoing.address, headers=headers)
    return Receipt(str(outgoing.key))


def _token(endpoint: str, settings: Settings) -> str:
    parts = urlsplit(endpoint)
    ends = clock.now() + timedelta(hours=12)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(ends.timestamp()), "sub": settings.origin}
    return jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, _signing(settings.push_key or b""))


@cache
def _private(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1())


@cache
def _signing(scalar: bytes) -> ECKey:
    point = _private(scalar).public_key().public_numbers()
    x, y = (_text(number.to_bytes(32)) for number in (point.x, point.y))
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": _text(scalar)})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
