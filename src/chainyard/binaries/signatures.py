"""OpenPGP signatures of releases, checked against keys that are pinned by full fingerprint.

Sequoia (pysequoia) does the checking. Its policy refuses keys that are bound to their user ids by
SHA-1 only, as old builder keys are. Here a key is trusted for its pinned fingerprint, not for a
user id; so where Sequoia refuses such a key, a signature made by the pinned primary RSA key itself
is checked directly (RFC 4880, sections 5.2 and 5.5).
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pysequoia
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from pysequoia.packet import Packet, PacketPile, SignatureType, Tag

from chainyard.binaries.files import disk_errors
from chainyard.binaries.outcome import RefusedError, UnavailableError

_RSA = {1, 3}
_HASHES: dict[int, tuple[str, hashes.HashAlgorithm]] = {
    8: ("sha256", hashes.SHA256()),
    9: ("sha384", hashes.SHA384()),
    10: ("sha512", hashes.SHA512()),
}


class Keys:
    """Public keys by fingerprint: from the cache, else from the key servers.

    Args:
        folder: where fetched keys are kept.
        servers: URL templates with ``{fingerprint}``, asked in order.
        get: fetches a small file.
    """

    def __init__(self, folder: Path, servers: Sequence[str], get: Callable[[str], bytes]) -> None:
        self._folder = folder
        self._servers = servers
        self._get = get

    def cert(self, fingerprint: str) -> pysequoia.Cert:
        """The key of that fingerprint.

        Raises:
            UnavailableError: no server gave it; says what each answered.
        """
        kept = self._folder / f"{fingerprint}.asc"
        if kept.exists() and (cert := _parse_cert(kept.read_bytes(), fingerprint)):
            return cert
        said = []
        for server in self._servers:
            url = server.format(fingerprint=fingerprint)
            try:
                data = self._get(url)
            except UnavailableError as error:
                said.append(error.reason)
                continue
            if cert := _parse_cert(data, fingerprint):
                with disk_errors(self._folder, "cannot keep a public key"):
                    self._folder.mkdir(parents=True, exist_ok=True)
                    kept.write_bytes(data)
                return cert
            said.append(f"{url}: the answer is not the key {fingerprint}")
        raise UnavailableError(f"no key {fingerprint}: {'; '.join(said) or 'no key server is set'}")


def check_signature(file: Path, signature: bytes, fingerprints: Sequence[str], keys: Keys) -> str:
    """Check a detached signature; ``good: …`` or ``not checked: …`` with the reason.

    Raises:
        RefusedError: the signature is by a pinned key, and is not of this file.
    """
    packet = _signature_packet(signature)
    if packet is None:
        return "not checked: what the server sent as signature is not one"
    certs, missing = [], []
    for fingerprint in fingerprints:
        try:
            certs.append(keys.cert(fingerprint))
        except UnavailableError as error:
            missing.append(error.reason)
    signer = _Signer.find(certs, packet)
    if signer is None:
        made_by = packet.issuer_fingerprint or packet.issuer_key_id or "an unnamed key"
        reason = "; ".join(missing) or f"made by {made_by}, which is not a pinned key"
        return f"not checked: {reason}"
    return signer.verdict(file, signature, packet)


class _Signer:
    """The pinned certificate whose primary key or subkey issued a signature."""

    def __init__(self, cert: pysequoia.Cert, key: Packet) -> None:
        self.cert = cert
        self.key = key
        self.fingerprint = str(cert.fingerprint).upper()

    @classmethod
    def find(cls, certs: Sequence[pysequoia.Cert], signature: Packet) -> _Signer | None:
        for cert in certs:
            for packet in PacketPile.from_bytes(bytes(cert)):
                if packet.tag in (Tag.PublicKey, Tag.PublicSubkey) and _issued(packet, signature):
                    return cls(cert, packet)
        return None

    def verdict(self, file: Path, signature: bytes, packet: Packet) -> str:
        if self.cert.is_revoked:
            return f"not checked: the key {self.fingerprint} is revoked"
        if _sequoia_accepts(file, signature, self.cert):
            return f"good: {self.fingerprint}"
        if _expired(self.cert):
            return f"not checked: the key {self.fingerprint} has expired"
        return self._without_policy(file, packet)

    def _without_policy(self, file: Path, packet: Packet) -> str:
        good = _rsa_check(file, bytes(packet.body), bytes(self.key.body))
        if good is None and not _usable(self.cert):
            return f"not checked: the key {self.fingerprint} is refused by OpenPGP policy"
        if not good or _from_the_future(packet):
            raise _bad(file, self.fingerprint)
        if self.key.tag != Tag.PublicKey:
            return f"not checked: a subkey of {self.fingerprint} is refused by OpenPGP policy"
        return f"good: {self.fingerprint}"


def _bad(file: Path, fingerprint: str) -> RefusedError:
    return RefusedError(
        f"{file.name}: the signature by {fingerprint} is BAD; the file is not used",
        cause="the file was changed after it was signed, or damaged on the way",
        hint="do not run this file; try again later or from another network, and tell its authors",
    )


def _parse_cert(data: bytes, fingerprint: str) -> pysequoia.Cert | None:
    try:
        certs = pysequoia.Cert.split_bytes(data)
    except (RuntimeError, ValueError):
        return None
    for cert in certs:
        if str(cert.fingerprint).upper() == fingerprint.upper():
            return cert
    return None


def _signature_packet(signature: bytes) -> Packet | None:
    try:
        packets = list(PacketPile.from_bytes(signature))
    except (RuntimeError, ValueError):
        return None
    return next((packet for packet in packets if _is_of_a_file(packet)), None)


def _is_of_a_file(packet: Packet) -> bool:
    return packet.tag == Tag.Signature and packet.signature_type == SignatureType.Binary


def _issued(key: Packet, signature: Packet) -> bool:
    if signature.issuer_fingerprint is not None:
        return key.fingerprint == signature.issuer_fingerprint
    return key.key_id is not None and key.key_id == signature.issuer_key_id


def _sequoia_accepts(file: Path, signature: bytes, cert: pysequoia.Cert) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            result = pysequoia.verify(
                file=file, store=lambda _: [cert], signature=pysequoia.Sig.from_bytes(signature)
            )
    except (RuntimeError, ValueError):
        return False
    return any(valid.certificate == cert.fingerprint for valid in result.valid_sigs)


def _usable(cert: pysequoia.Cert) -> bool:
    """Whether Sequoia's policy accepts the key at all (its bindings, not its expiry)."""
    try:
        return bool(cert.user_ids)
    except RuntimeError:
        return False


def _expired(cert: pysequoia.Cert) -> bool:
    try:
        expiration = cert.expiration
    except RuntimeError:
        return False
    return expiration is not None and expiration < datetime.now(UTC)


def _from_the_future(signature: Packet) -> bool:
    created = signature.signature_created
    return created is None or created > datetime.now(UTC)


def _rsa_check(file: Path, signature: bytes, key: bytes) -> bool | None:
    """A version 4 RSA signature over a file; None if it is of another kind."""
    if signature[0] != 4 or key[0] != 4 or key[5] not in _RSA or signature[3] not in _HASHES:
        return None
    name, algorithm = _HASHES[signature[3]]
    hashed_end = 6 + int.from_bytes(signature[4:6], "big")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, name)
    digest.update(signature[:hashed_end])
    digest.update(b"\x04\xff" + hashed_end.to_bytes(4, "big"))
    unhashed = int.from_bytes(signature[hashed_end : hashed_end + 2], "big")
    value, _ = _mpi(signature, hashed_end + 2 + unhashed + 2)
    modulus, offset = _mpi(key, 6)
    exponent, _ = _mpi(key, offset)
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    octets = value.to_bytes((modulus.bit_length() + 7) // 8, "big")
    try:
        public.verify(octets, digest.digest(), padding.PKCS1v15(), Prehashed(algorithm))
    except InvalidSignature:
        return False
    return True


def _mpi(data: bytes, offset: int) -> tuple[int, int]:
    """A multiprecision integer (RFC 4880, section 3.2) and where it ends."""
    bits = int.from_bytes(data[offset : offset + 2], "big")
    end = offset + 2 + (bits + 7) // 8
    return int.from_bytes(data[offset + 2 : end], "big"), end


def published_sha256(data: bytes) -> str | None:
    """The SHA-256 in a published checksum file, as ``sha256sum`` writes it."""
    match = re.search(rb"\b[0-9a-fA-F]{64}\b", data)
    return match[0].decode().lower() if match else None
