"""Keys of a deployment (密钥): sealing personal fields, keyed digests for finding them, destroyable keys, signed heads.

Secrets are versioned: the newest seals and digests, every older one still opens and is tried in look-ups, so that keys
rotate while the platform runs. Each use has a key of its own, derived from the secret (HKDF), so that no key serves two
ends. A digest is keyed because a bare hash of a citizen number is undone by trying all of them (minutes for a county).

Each delivery has a random key, kept only wrapped; forgetting the wrapped form destroys what it sealed. Secrets lie as
files of mode 0600 under ``instance/keys``; short, uniform or readable-by-others ones are refused at the start.
"""

import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_SECRET: Final = 32
DIGEST_LENGTH: Final = 16
_NONCE_LENGTH: Final = 12
_FEWEST_DISTINCT_BYTES: Final = 10
_USES: Final = ("seal", "digest", "head")
_is_key_file: Final = re.compile(r"(seal|digest|head)-([1-9][0-9]{0,2})\.key").fullmatch


class KeyringError(ValueError):
    """A missing, weak, unreadable or too widely readable secret. The message names the file, never the secret."""


class SealBroken(ValueError):
    """Sealed bytes that were changed, cut, moved to another context, or sealed with a key that is not here."""


class SealBox:
    """Seals and opens under one 32-byte key (AES-256-GCM, random nonce). Context is bound, not kept."""

    def __init__(self, key: bytes, version: int = 1) -> None:
        self._cipher = AESGCM(key)
        self._prefix = bytes([version])

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Version byte, nonce, ciphertext with tag: 29 bytes longer than the plain text."""
        nonce = os.urandom(_NONCE_LENGTH)
        return self._prefix + nonce + self._cipher.encrypt(nonce, plain, self._prefix + context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The plain text. Raises SealBroken."""
        if sealed[:1] != self._prefix or len(sealed) < 1 + _NONCE_LENGTH + 16:
            raise SealBroken("sealed bytes of another kind")
        try:
            return self._cipher.decrypt(sealed[1:13], sealed[13:], self._prefix + context)
        except InvalidTag:
            raise SealBroken("sealed bytes do not open in this context") from None


class Keyring:
    """All secrets of a deployment, by use and version (1 to 255). Raises KeyringError for a weak one."""

    def __init__(self, *, seal: Mapping[int, bytes], digest: Mapping[int, bytes], head: Mapping[int, bytes]) -> None:
        for use, versions in zip(_USES, (seal, digest, head), strict=True):
            _check_secrets(use, versions)
        self._boxes = {v: SealBox(_derive(secret, b"seal"), v) for v, secret in seal.items()}
        self._wrappers = {v: SealBox(_derive(secret, b"wrap"), v) for v, secret in seal.items()}
        self._digest_keys = [_derive(digest[v], b"digest") for v in sorted(digest, reverse=True)]
        self._signers = {
            v: Ed25519PrivateKey.from_private_bytes(_derive(secret, b"head")) for v, secret in head.items()
        }
        self._newest_seal, self._newest_head = max(seal), max(head)

    def __repr__(self) -> str:
        return f"<Keyring seal={sorted(self._boxes)} digests={len(self._digest_keys)} head={sorted(self._signers)}>"

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Sealed under the newest version; ``context`` (table and column, say) must be the same when opening."""
        return self._boxes[self._newest_seal].seal(plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The plain text, whichever version sealed it. Raises SealBroken."""
        return _box_for(self._boxes, sealed).open(sealed, context)

    def is_newest(self, sealed: bytes) -> bool:
        """Whether sealed (or wrapped) bytes already use the newest version; rotation reseals the others."""
        return sealed[:1] == bytes([self._newest_seal])

    def digest(self, text: str, purpose: str = "number") -> bytes:
        """Keyed digest (HMAC-SHA-256, 16 bytes) under the newest version; another purpose gives another digest."""
        return hmac.digest(self._digest_keys[0], f"{purpose}\x00{text}".encode(), "sha256")[:DIGEST_LENGTH]

    def digests(self, text: str, purpose: str = "number") -> list[bytes]:
        """The digests under all versions, newest first: look-ups try each."""
        message = f"{purpose}\x00{text}".encode()
        return [hmac.digest(key, message, "sha256")[:DIGEST_LENGTH] for key in self._digest_keys]

    def new_delivery_key(self) -> bytes:
        """A fresh 32-byte key for one delivery; keep it only as ``wrap`` returns it, use it through SealBox."""
        return secrets.token_bytes(32)

    def wrap(self, delivery_key: bytes, context: bytes = b"delivery") -> bytes:
        """The delivery key, sealed. Whoever deletes this destroys all that the key sealed."""
        return self._wrappers[self._newest_seal].seal(delivery_key, context)

    def unwrap(self, wrapped: bytes, context: bytes = b"delivery") -> bytes:
        """The delivery key. Raises SealBroken."""
        return _box_for(self._wrappers, wrapped).open(wrapped, context)

    def sign_head(self, head: bytes) -> bytes:
        """Signature (version byte and Ed25519) over the head of a log."""
        return bytes([self._newest_head]) + self._signers[self._newest_head].sign(head)

    def verify_head(self, head: bytes, signature: bytes) -> bool:
        """Whether this deployment signed the head, with a version still on the ring."""
        signer = self._signers.get(signature[0]) if signature else None
        if signer is None:
            return False
        try:
            signer.public_key().verify(signature[1:], head)
        except InvalidSignature:
            return False
        return True

    def head_public_key(self) -> str:
        """The newest verifying key as PEM, for whoever checks heads elsewhere."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public = self._signers[self._newest_head].public_key()
        return public.public_bytes(serialization.Encoding.PEM, form).decode()


def _box_for(boxes: Mapping[int, SealBox], sealed: bytes) -> SealBox:
    box = boxes.get(sealed[0]) if sealed else None
    if box is None:
        raise SealBroken("sealed with a key that is not on the ring")
    return box


def _derive(secret: bytes, use: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"credit-platform/" + use).derive(secret)


def _check_secrets(use: str, versions: Mapping[int, bytes]) -> None:
    if not versions:
        raise KeyringError(f"no {use} key")
    for version, secret in versions.items():
        if not 1 <= version <= 255:
            raise KeyringError(f"{use} key version {version} is not between 1 and 255")
        if len(secret) < SHORTEST_SECRET:
            raise KeyringError(f"{use} key {version} has {len(secret)} bytes; at least {SHORTEST_SECRET} are needed")
        if len(set(secret)) < _FEWEST_DISTINCT_BYTES:
            raise KeyringError(f"{use} key {version} is not random")


def new_keyring(directory: Path) -> Keyring:
    """Makes the first version of every secret, all or nothing; two that try at once end with the same ring.

    Raises KeyringError where key files exist: losing keys loses data, so none is ever replaced.
    """
    if any(_key_files(directory)):
        raise KeyringError(f"{directory} holds keys already")
    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".keys-", dir=directory.parent))
    for use in _USES:
        _write_secret(staging / f"{use}-1.key")
    try:
        staging.rename(directory)
    except OSError:
        for path in staging.iterdir():
            path.unlink()
        staging.rmdir()
    return load_keyring(directory)


def load_keyring(directory: Path, *, create: bool = False) -> Keyring:
    """The ring from ``use-version.key`` files (hexadecimal). With ``create`` a directory without keys gets new ones.

    Raises KeyringError where a file is weak, unreadable or open to others.
    """
    if create and not any(_key_files(directory)):
        try:
            return new_keyring(directory)
        except KeyringError:
            if not any(_key_files(directory)):
                raise
    secrets_by_use: dict[str, dict[int, bytes]] = {use: {} for use in _USES}
    for path, use, version in _key_files(directory):
        secrets_by_use[use][version] = _read_secret(path)
    return Keyring(seal=secrets_by_use["seal"], digest=secrets_by_use["digest"], head=secrets_by_use["head"])


def rotate_keyring(directory: Path, use: str) -> Keyring:
    """Adds the next version of one use (seal, digest or head) and returns the ring with it."""
    versions = [version for _, its_use, version in _key_files(directory) if its_use == use]
    if not versions:
        raise KeyringError(f"no {use} key in {directory}")
    _write_secret(directory / f"{use}-{max(versions) + 1}.key")
    return load_keyring(directory)


def _key_files(directory: Path) -> list[tuple[Path, str, int]]:
    if not directory.is_dir():
        return []
    named = ((path, _is_key_file(path.name)) for path in sorted(directory.iterdir()))
    return [(path, match[1], int(match[2])) for path, match in named if match is not None]


def _write_secret(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read_secret(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise KeyringError(f"{path} is not a plain file")
    if path.stat().st_mode & 0o077:
        raise KeyringError(f"{path} may be read by others; make its mode 0600")
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        raise KeyringError(f"{path} does not hold a hexadecimal key") from None
