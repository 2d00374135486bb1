"""Keys of sign-in, derived from the key-encryption key, one per purpose, and the sealing of small things under them."""

from __future__ import annotations

import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@cache
def derive(kek: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose; another purpose's key says nothing about it (HKDF, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=f"khuen sign-in {purpose}".encode()).derive(kek)


def seal(kek: bytes, purpose: str, content: bytes, about: bytes = b"") -> bytes:
    """AES-256-GCM; `about` (whose it is) is bound to it, not stored in it."""
    nonce = os.urandom(12)
    return nonce + AESGCM(derive(kek, purpose)).encrypt(nonce, content, about)


def unseal(kek: bytes, purpose: str, sealed: bytes, about: bytes = b"") -> bytes | None:
    """None when it is not ours, was changed, or is about somebody else."""
    try:
        return AESGCM(derive(kek, purpose)).decrypt(sealed[:12], sealed[12:], about)
    except (InvalidTag, ValueError):
        return None
