"""Throw-away signing keys: a modern one, and one as old build servers have them."""

from __future__ import annotations

import base64
import hashlib
import time

import pysequoia
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class ModernKey:
    """Ed25519, made by Sequoia; signs with a subkey."""

    def __init__(self, name: str = "releases") -> None:
        self._key = pysequoia.Tsk.generate(user_id=f"{name} <{name}@example.org>")
        cert = self._key.extract_certificate()
        self.public = str(cert).encode()
        self.fingerprint = str(cert.fingerprint).upper()

    def sign(self, data: bytes) -> bytes:
        return pysequoia.sign(self._key.signer(), data, mode=pysequoia.SignatureMode.DETACHED)


class OldKey:
    """RSA whose user id is bound by SHA-1 only, assembled by RFC 4880: no library makes it now."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._private.public_key().public_numbers()
        created = (int(time.time()) - 86400).to_bytes(4, "big")
        body = b"\x04" + created + b"\x01" + _mpi(numbers.n) + _mpi(numbers.e)
        framed = b"\x99" + len(body).to_bytes(2, "big") + body
        digest = hashlib.sha1(framed).digest()
        self.fingerprint = digest.hex().upper()
        self._issuer = digest
        user = b"Builder <ci@example.org>"
        certified = framed + b"\xb4" + len(user).to_bytes(4, "big") + user
        binding = self._signature(certified, 0x13, 2, hashes.SHA1())
        self.public = _packet(6, body) + _packet(13, user) + binding

    def sign(self, data: bytes) -> bytes:
        return _armor(self._signature(data, 0x00, 10, hashes.SHA512()))

    def _signature(
        self, data: bytes, kind: int, number: int, algorithm: hashes.HashAlgorithm
    ) -> bytes:
        created = b"\x05\x02" + int(time.time() - 60).to_bytes(4, "big")
        hashed = created + b"\x16\x21\x04" + self._issuer
        head = bytes([4, kind, 1, number]) + len(hashed).to_bytes(2, "big") + hashed
        trailer = b"\x04\xff" + len(head).to_bytes(4, "big")
        signed = data + head + trailer
        digest = hashes.Hash(algorithm)
        digest.update(signed)
        value = self._private.sign(signed, padding.PKCS1v15(), algorithm)
        unhashed = b"\x09\x10" + self._issuer[-8:]
        rest = len(unhashed).to_bytes(2, "big") + unhashed + digest.finalize()[:2]
        return _packet(2, head + rest + _mpi(int.from_bytes(value, "big")))


def _mpi(number: int) -> bytes:
    return number.bit_length().to_bytes(2, "big") + number.to_bytes(
        (number.bit_length() + 7) // 8, "big"
    )


def _packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def _armor(data: bytes) -> bytes:
    text = base64.encodebytes(data).decode()
    return f"-----BEGIN PGP SIGNATURE-----\n\n{text}-----END PGP SIGNATURE-----\n".encode()
