"""The hospital's key: it seals the PDF (PAdES, pyHanko) and the token (JWT, joserfc). Blocking; no database.

One file of PKCS#12 for each district, named by its address, with its password beside it; the operator puts them there.
Practice districts share one key that is made on first use and says in its own name that it proves nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import logging
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

PRACTICE = "practice"
PRACTICE_NAME = ("PRACTICE, PROVES NOTHING", "ตัวอย่าง ใช้ไม่ได้")
_YEARS = 20 * 365

for name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(name).setLevel(logging.CRITICAL)  # a root that it does not know is a traceback in its eyes


class KeyMissing(Exception):
    """There is no key for this district, or it does not open."""


class KeyExpired(Exception):
    """The certificate of the key is not valid today."""


@dataclass(frozen=True)
class HospitalKey:
    """`id` is the JWK thumbprint under which the public key is published."""

    id: str
    public_jwk: str
    algorithm: str
    _private: Any
    _signer: signers.SimpleSigner

    def token(self, claims: dict[str, Any]) -> str:
        """A W3C Verifiable Credential secured as a JWT (VC-JOSE-COSE)."""
        header = {"alg": self.algorithm, "typ": "vc+jwt", "kid": self.id}
        return jwt.encode(header, claims, self._private, algorithms=[self.algorithm])

    def seal(self, pdf: bytes, number: str, hospital: str) -> bytes:
        """The PDF with one certifying signature (PAdES) that allows no change. 20 to 80 ms."""
        metadata = signers.PdfSignatureMetadata(
            field_name="Hospital",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            name=hospital,
            reason=number,
            md_algorithm="sha256",
        )
        out = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), metadata, signer=self._signer)
        return bytes(out.getvalue())


def load(folder: Path | None, slug: str, *, practice: bool, now: datetime) -> HospitalKey:
    """The key of a district. A practice district never uses a hospital's, nor a hospital the practice key.

    Raises KeyMissing, KeyExpired.
    """
    if folder is None:
        raise KeyMissing
    if practice:
        _make_practice_key(folder, now)
    file = folder / f"{PRACTICE if practice else slug}.p12"
    try:
        if not practice and slug == PRACTICE:
            raise KeyMissing
        content, password = file.read_bytes(), file.with_suffix(".password").read_text().strip().encode()
        private, certificate, _ = pkcs12.load_key_and_certificates(content, password)
    except (OSError, ValueError) as error:
        raise KeyMissing from error
    if private is None or certificate is None:
        raise KeyMissing
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise KeyExpired
    signer = signers.SimpleSigner.load_pkcs12(str(file), passphrase=password)  # type: ignore[no-untyped-call]
    if signer is None:
        raise KeyMissing
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own: ECKey | RSAKey = (
        ECKey.import_key(pem) if isinstance(private, ec.EllipticCurvePrivateKey) else RSAKey.import_key(pem)
    )
    algorithm = "ES256" if isinstance(own, ECKey) else "RS256"
    return HospitalKey(own.thumbprint(), _json(own.as_dict(private=False)), algorithm, own, signer)


def digest(pdf: bytes) -> bytes:
    """SHA-256 by which a paper is known byte for byte."""
    return hashlib.sha256(pdf).digest()


def self_signed(names: tuple[str, str], now: datetime, password: bytes, days: int = _YEARS) -> bytes:
    """A key that nobody vouches for, as PKCS#12: (common name, organisation), valid for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    common, organisation = names
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"practice", key, certificate, None, BestAvailableEncryption(password))


def _make_practice_key(folder: Path, now: datetime) -> None:
    """Once: whoever comes second waits and finds it; the file appears whole, after its password."""
    file = folder / f"{PRACTICE}.p12"
    if file.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / f"{PRACTICE}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            password = secrets.token_urlsafe(24)
            _write(file.with_suffix(".password"), password.encode())
            _write(file.with_suffix(".begun"), self_signed(PRACTICE_NAME, now, password.encode()))
            file.with_suffix(".begun").replace(file)


def _write(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as kept:
        kept.write(content)


def _json(jwk: Any) -> str:
    return json.dumps(jwk, sort_keys=True, separators=(",", ":"))
