"""The keyring: seals bound to their context, rotation without a gap, keys that can be destroyed, weak ones refused."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.keyring import Keyring, KeyringError, SealBox, SealBroken, load_keyring, new_keyring, rotate_keyring

FIRST, SECOND = bytes(range(32)), bytes(range(100, 132))
NUMBER = "440524188001010014"


@pytest.fixture(scope="module")
def ring() -> Keyring:
    return Keyring(seal={1: FIRST}, digest={1: FIRST}, head={1: FIRST})


@pytest.fixture(scope="module")
def rotated() -> Keyring:
    return Keyring(seal={1: FIRST, 2: SECOND}, digest={1: FIRST, 2: SECOND}, head={1: FIRST, 2: SECOND})


@settings(max_examples=50)
@given(plain=st.binary(max_size=200), context=st.binary(max_size=20))
def test_what_is_sealed_opens_and_is_unlike_the_plain(ring: Keyring, plain: bytes, context: bytes) -> None:
    sealed = ring.seal(plain, context)
    assert ring.open(sealed, context) == plain
    assert len(sealed) == len(plain) + 29
    assert len(plain) < 4 or plain not in sealed
    assert ring.seal(plain, context) != sealed


def test_another_context_does_not_open(ring: Keyring) -> None:
    sealed = ring.seal(b"plain", b"subjects.number:1")
    with pytest.raises(SealBroken):
        ring.open(sealed, b"subjects.number:2")


def test_every_changed_byte_and_every_cut_is_found(ring: Keyring) -> None:
    sealed = ring.seal(b"plain", b"c")
    for place in range(len(sealed)):
        with pytest.raises(SealBroken):
            ring.open(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], b"c")
        with pytest.raises(SealBroken):
            ring.open(sealed[:place], b"c")


def test_rotation_opens_the_old_and_seals_with_the_new(ring: Keyring, rotated: Keyring) -> None:
    old, new = ring.seal(b"plain", b"c"), rotated.seal(b"plain", b"c")
    assert rotated.open(old, b"c") == b"plain"
    assert (rotated.is_newest(old), rotated.is_newest(new)) == (False, True)
    with pytest.raises(SealBroken):
        ring.open(new, b"c")


def test_digests_are_keyed_stable_and_by_purpose(ring: Keyring, rotated: Keyring) -> None:
    assert ring.digest(NUMBER) == ring.digest(NUMBER)
    assert len(ring.digest(NUMBER)) == 16
    assert ring.digest(NUMBER) != ring.digest(NUMBER, "candidate")
    assert ring.digest(NUMBER) != rotated.digest(NUMBER)
    assert rotated.digests(NUMBER) == [rotated.digest(NUMBER), ring.digest(NUMBER)]


def test_a_destroyed_delivery_key_leaves_nothing(ring: Keyring) -> None:
    key = ring.new_delivery_key()
    assert key != ring.new_delivery_key()
    wrapped = ring.wrap(key, b"delivery:7")
    raw = SealBox(key).seal(b"row", b"delivery:7:1")
    assert SealBox(ring.unwrap(wrapped, b"delivery:7")).open(raw, b"delivery:7:1") == b"row"
    assert key not in wrapped
    with pytest.raises(SealBroken):
        ring.unwrap(wrapped, b"delivery:8")
    with pytest.raises(SealBroken):
        ring.open(raw, b"delivery:7:1")
    with pytest.raises(SealBroken):
        ring.open(wrapped, b"delivery:7")


def test_heads_are_signed(ring: Keyring, rotated: Keyring) -> None:
    signature = ring.sign_head(b"head")
    assert ring.verify_head(b"head", signature)
    assert rotated.verify_head(b"head", signature)
    assert not ring.verify_head(b"other", signature)
    assert not ring.verify_head(b"head", signature[:-1])
    assert not ring.verify_head(b"head", b"")
    assert not ring.verify_head(b"head", rotated.sign_head(b"head"))
    public = load_pem_public_key(ring.head_public_key().encode())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(signature[1:], b"head")


@pytest.mark.parametrize("secret", [b"", b"short", bytes(32), b"password" * 4, bytes(range(31))])
def test_weak_secrets_are_refused_and_not_shown(secret: bytes) -> None:
    for use in ("seal", "digest", "head"):
        secrets = {"seal": {1: FIRST}, "digest": {1: FIRST}, "head": {1: FIRST}, use: {1: secret}}
        with pytest.raises(KeyringError) as caught:
            Keyring(**secrets)
        assert "password" not in str(caught.value)
    with pytest.raises(KeyringError):
        Keyring(seal={0: FIRST}, digest={1: FIRST}, head={1: FIRST})
    with pytest.raises(KeyringError):
        Keyring(seal={}, digest={1: FIRST}, head={1: FIRST})


def test_a_ring_shows_no_secret(ring: Keyring) -> None:
    assert FIRST.hex() not in repr(ring)
    assert str(FIRST) not in repr(ring)


def test_files_are_private_and_load_again(tmp_path: Path) -> None:
    folder = tmp_path / "instance" / "keys"
    made = new_keyring(folder)
    assert {path.name for path in folder.iterdir()} == {"seal-1.key", "digest-1.key", "head-1.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert load_keyring(folder).open(made.seal(b"x", b"c"), b"c") == b"x"
    with pytest.raises(KeyringError):
        new_keyring(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["keys"]


def test_two_that_start_at_once_share_one_ring(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: load_keyring(folder, create=True), range(8)))
    assert len({ring.digest("x") for ring in rings}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_rotation_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    before = new_keyring(folder)
    after = rotate_keyring(folder, "seal")
    assert after.open(before.seal(b"x", b"c"), b"c") == b"x"
    assert not after.is_newest(before.seal(b"x", b"c"))
    assert after.digest("x") == before.digest("x")
    with pytest.raises(KeyringError):
        rotate_keyring(tmp_path / "none", "seal")


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyringError):
        load_keyring(tmp_path / "absent")
    folder = tmp_path / "keys"
    new_keyring(folder)
    file = folder / "seal-1.key"
    file.chmod(0o644)
    with pytest.raises(KeyringError, match="0600"):
        load_keyring(folder)
    file.chmod(0o600)
    file.write_text("not hexadecimal")
    with pytest.raises(KeyringError, match="hexadecimal"):
        load_keyring(folder)
    file.unlink()
    file.symlink_to(folder / "head-1.key")
    with pytest.raises(KeyringError, match="plain file"):
        load_keyring(folder)
    file.unlink()
    with pytest.raises(KeyringError, match="no seal key"):
        load_keyring(folder, create=True)
