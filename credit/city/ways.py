"""The two ways a batch goes up (GB/T 39443): a file with its manifest, or a service; both end with the city's receipt.

``send`` may be repeated with the same bytes at any time: the city knows a batch by sequence and digest and answers with the
receipt it gave before. Nothing of a body is ever put into an error.
"""

import hashlib
import json
import os
import ssl
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from credit.city.link import CityLink

LARGEST_ANSWER: Final = 4 * 1024 * 1024
TIMEOUT: Final = 20.0


class Unreachable(Exception):
    """The city does not answer, or not yet: the same batch goes again later."""


class Refused(Exception):
    """The city does not take this batch as it is; a person has to look. The text is its status, never its body."""


class Package(NamedTuple):
    """A batch as it travels: its number, the mapping's edition, line count and bytes (JSON Lines)."""

    sequence: int
    edition: str
    lines: int
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


class Receipt(NamedTuple):
    """What the city answered: its number, lines taken, lines refused (line, code)."""

    number: str
    accepted: int
    refused: tuple[dict[str, Any], ...] = ()


def send(link: CityLink, package: Package) -> Receipt | None:
    """Send a batch; its receipt, or None where it lies out and the receipt is still to come (file way)."""
    return _send_file(link, package) if link.way == "file" else _send_service(link, package)


def _send_service(link: CityLink, package: Package) -> Receipt:
    headers = {
        "Authorization": f"Bearer {link.token}",
        "Content-Type": "application/x-ndjson",
        "X-Batch-Sequence": str(package.sequence),
        "X-Batch-Digest": package.digest,
        "X-Batch-Edition": package.edition,
    }
    try:
        with _client() as client:
            answer = client.post(f"{link.url}/batches", content=package.body, headers=headers)
    except httpx.HTTPError:
        raise Unreachable("市平台无法连接") from None
    if answer.status_code >= 500 or answer.status_code in (408, 429):
        raise Unreachable(f"市平台返回状态 {answer.status_code}")
    if answer.status_code != httpx.codes.OK or len(answer.content) > LARGEST_ANSWER:
        raise Refused(f"市平台返回状态 {answer.status_code}")
    return read_receipt(answer.content, package)


def _send_file(link: CityLink, package: Package) -> Receipt | None:
    """Lay batch and manifest out once, whole or not at all; take the receipt if it is there."""
    stem = f"{package.sequence:08d}"
    receipt = link.folder / "in" / f"{stem}.receipt.json"
    if receipt.is_file():
        return read_receipt(receipt.read_bytes(), package)
    out = link.folder / "out"
    manifest = {
        "sequence": package.sequence,
        "edition": package.edition,
        "rows": package.lines,
        "sha256": package.digest,
    }
    _write_whole(out / f"{stem}.jsonl", package.body)
    _write_whole(out / f"{stem}.jsonl.manifest.json", json.dumps(manifest).encode())
    return None


def clear_files(link: CityLink, sequence: int) -> None:
    """After its receipt a batch need not lie about any longer."""
    for name in (f"{sequence:08d}.jsonl", f"{sequence:08d}.jsonl.manifest.json"):
        (link.folder / "out" / name).unlink(missing_ok=True)


def read_receipt(content: bytes, package: Package) -> Receipt:
    """A receipt that speaks of this very batch. Raises Refused for any other."""
    try:
        body = json.loads(content)
        same = int(body["sequence"]) == package.sequence and str(body["sha256"]).lower() == package.digest
        receipt = Receipt(
            str(body["receipt"])[:200],
            int(body["accepted"]),
            tuple({"line": int(line["line"]), "code": str(line["code"])[:64]} for line in body.get("refused", ())),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("回执无法读取") from None
    if not same:
        raise Refused("回执与批次不符")
    if receipt.accepted + len(receipt.refused) != package.lines:
        raise Refused("回执条数与批次不符")
    return receipt


def ask(link: CityLink, path: str, query: dict[str, Any]) -> dict[str, Any]:
    """One question to the city's service, or what it laid into ``in`` (file way). Raises Unreachable, Refused."""
    if link.way == "file":
        return _read_answer(link.folder / "in" / f"{path}.json")
    headers = {"Authorization": f"Bearer {link.token}", "Accept": "application/json"}
    try:
        with _client() as client:
            answer = client.get(f"{link.url}/{path}", params=query, headers=headers)
    except httpx.HTTPError:
        raise Unreachable("市平台无法连接") from None
    if answer.status_code >= 500 or answer.status_code in (408, 429):
        raise Unreachable(f"市平台返回状态 {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise Refused(f"市平台返回状态 {answer.status_code}")
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        raise Refused("市平台返回的不是 JSON") from None
    if not isinstance(body, dict):
        raise Refused("市平台返回的不是 JSON 对象")
    return body


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust; made once, it costs more than a batch."""
    return httpx.create_ssl_context(trust_env=False)


def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=_trusted())


def _read_answer(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise Unreachable(f"市平台尚未放入 {path.name}")
    try:
        body = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Refused(f"{path.name} 无法读取") from None
    if not isinstance(body, dict):
        raise Refused(f"{path.name} 无法读取")
    return body


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_file() and path.read_bytes() == content:
        return
    temporary = path.with_name(f".{path.name}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
