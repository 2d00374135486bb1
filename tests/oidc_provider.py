"""An OpenID provider over real HTTP, for tests: it checks what a strict one checks, and speaks three dialects.

"generic" signs with RS256 and publishes its keys, "line" signs with the channel secret (HS256), "thaid" wants HTTP
Basic and names the person by `pid`. Faults of a dishonest provider are switched on by name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from litestar import Litestar, Request, Response, get, post
from litestar.response import Redirect

CLIENT, SECRET = "khuen-client", "a-channel-secret-of-32-characters"


@dataclass
class Provider:
    dialect: str
    address: str = ""
    person: str = "person-1"
    faults: set[str] = field(default_factory=set)
    seen: list[dict[str, Any]] = field(default_factory=list)  #: what reached /token
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    another: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))

    def app(self) -> Litestar:
        @get("/.well-known/openid-configuration")
        async def configuration() -> dict[str, Any]:
            return {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/auth",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/jwks",
                "end_session_endpoint": f"{self.address}/bye",
            }

        @get("/jwks")
        async def jwks() -> Any:
            return KeySet([self.key]).as_dict(private=False)

        @get("/auth")
        async def auth(request: Request[Any, Any, Any]) -> Response[Any]:
            return self.authorise(dict(request.query_params))

        @post("/token", status_code=200)
        async def token(request: Request[Any, Any, Any]) -> Response[Any]:
            form = {name: str(value) for name, value in (await request.form()).items()}
            return self.redeem(form, request.headers.get("authorization", ""))

        return Litestar([configuration, jwks, auth, token], openapi_config=None, logging_config=None)

    def authorise(self, asked: dict[str, str]) -> Response[Any]:
        if asked.get("client_id") != CLIENT or asked.get("response_type") != "code":
            return Response({"error": "invalid_request"}, status_code=400)
        back = asked["redirect_uri"]
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return Redirect(f"{back}?{urlencode({'error': 'invalid_request', 'state': asked.get('state', '')})}")
        if "denies" in self.faults:
            return Redirect(f"{back}?{urlencode({'error': 'access_denied', 'state': asked['state']})}")
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        state = "forged" if "state" in self.faults else asked["state"]
        return Redirect(f"{back}?{urlencode({'code': code, 'state': state})}")

    def redeem(self, form: dict[str, str], authorization: str) -> Response[Any]:
        self.seen.append({**form, "basic": bool(authorization)})
        asked = self.codes.pop(form.get("code", ""), None)  # a code works once
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or _b64(proof) != asked["code_challenge"]:
            return Response({"error": "invalid_grant"}, status_code=400)
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return Response({"error": "invalid_grant"}, status_code=400)
        if not self._knows_client(form, authorization):
            return Response({"error": "invalid_client"}, status_code=401)
        token = {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "expires_in": 60}
        return Response({**token, "id_token": self.id_token(asked)}, status_code=200)

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims["pid" if self.dialect == "thaid" else "sub"] = self.person
        claims["nonce"] = "another" if "nonce" in self.faults else asked.get("nonce")
        claims |= {"iss": "https://elsewhere.example"} if "issuer" in self.faults else {}
        claims |= {"aud": "another-client"} if "audience" in self.faults else {}
        claims |= {"exp": now - 300} if "expired" in self.faults else {}
        if "unsigned" in self.faults:
            head, body = _b64(b'{"alg":"none"}'), _b64(json.dumps(claims).encode())
            return f"{head}.{body}."
        if self.dialect == "line":
            secret = "another secret of 32 characters!" if "signature" in self.faults else SECRET
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))
        if "confused" in self.faults:
            return self._confused(claims)
        key = self.another if "signature" in self.faults else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)

    def _confused(self, claims: dict[str, Any]) -> str:
        """An HMAC under the published key, which a checker believes that takes the algorithm from the token."""
        parts = [_b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, claims)]
        proof = hmac.digest(self.key.as_pem(private=False), ".".join(parts).encode(), "sha256")
        return ".".join([*parts, _b64(proof)])

    @property
    def issuer(self) -> str:
        return "https://access.line.me" if self.dialect == "line" else self.address

    def _knows_client(self, form: dict[str, str], authorization: str) -> bool:
        basic = ""
        if authorization.startswith("Basic "):
            basic = base64.b64decode(authorization[6:]).decode()
        posted = f"{form.get('client_id')}:{form.get('client_secret')}"
        given = basic if self.dialect == "thaid" else basic or posted
        return unquote(given) == f"{CLIENT}:{SECRET}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def running(dialect: str) -> Iterator[Provider]:
    """The provider on a port of loopback, in a thread of its own."""
    provider = Provider(dialect)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    provider.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(provider.app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
