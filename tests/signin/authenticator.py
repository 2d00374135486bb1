"""A passkey in software: what a phone's secure chip does, in a few lines, for tests that need no browser."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256


class Authenticator:
    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.host = urlsplit(origin).hostname or ""
        self.flags = 0x01 | (0x04 if verifies else 0)  # present, verified
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.count = 0

    def create(self, options: str) -> str:
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + attested})
        return self._credential(
            clientDataJSON=_b64(self._client("webauthn.create", options)), attestationObject=_b64(attestation)
        )

    def get(self, options: str) -> str:
        self.count += 1
        data, client = self._data(), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=_b64(client), authenticatorData=_b64(data), signature=_b64(signature), userHandle=None
        )

    def _client(self, kind: str, options: str) -> bytes:
        said = {
            "type": kind,
            "challenge": json.loads(options)["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = (self.flags | more).to_bytes(1, "big")
        return hashlib.sha256(self.host.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _credential(self, **response: str | None) -> str:
        name = _b64(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
