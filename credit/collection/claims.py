"""A folder where departments drop files (文件收件箱): which are whole, and which run takes them; no database.

A file is taken only when its manifest (``<file>.manifest.json``: sha256, rows) is there and right. A claim is a folder of its
own under ``work/`` with a ticket, the manifest and the file, under our names: whoever renames the manifest has it. The ticket is
locked while its run lives, so a later run takes up exactly what a killed one left. A finished claim moves as one folder to
``done/`` or ``rejected/``, with its outcome written first. What a sender calls a file is only ever its base name in the ticket.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO, Any, Final, NamedTuple

from credit.collection.carriers.files import MANIFEST_SUFFIX, read_manifest
from credit.collection.carriers.opening import read_digest
from credit.enquiry_log import new_ref
from credit.errors import FileRefused

WORK, DONE, REJECTED = "work", "done", "rejected"
QUIET: Final = timedelta(minutes=10)
"""A file that does not fit its manifest and has not changed for so long is wrong, not growing."""
KEPT: Final = timedelta(days=1)
"""How long the bytes of a settled file stay in clear, to be looked at: its rows are kept sealed, or its sender has the file."""
DATA, TICKET, OUTCOME = "data", "ticket.json", "outcome.json"
LONGEST_NAME: Final = 255


class Waiting(NamedTuple):
    """A file that is not taken yet, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Claim:
    """A file that this run alone holds. ``fault`` is set where it is already known to be wrong."""

    ref: str
    name: str
    folder: Path
    lock: IO[str]
    fault: str | None = None

    @property
    def path(self) -> Path:
        """The file under our own name, its manifest beside it."""
        return self.folder / DATA

    def settle(self, state: str, outcome: Mapping[str, Any]) -> None:
        """Write how it ended and move it, whole, to ``done`` or ``rejected``."""
        _write(self.folder / OUTCOME, {"file": self.name, **outcome})
        shutil.rmtree(self.folder / "members", ignore_errors=True)
        self.folder.rename(self.folder.parent.parent / state / self.ref)
        self.release()

    def release(self) -> None:
        """Let go; what is not settled is taken up by the next run."""
        self.lock.close()


def prepare_inbox(inbox: Path) -> None:
    """Make the folder and its three own ones, which nobody else may read."""
    inbox.mkdir(parents=True, exist_ok=True)
    for name in (WORK, DONE, REJECTED):
        (inbox / name).mkdir(mode=0o700, exist_ok=True)


def claim_files(inbox: Path, *, now: datetime) -> Iterator[Claim]:
    """Claims left by killed runs, then every file that is ready, one at a time, oldest first."""
    for folder in sorted((inbox / WORK).iterdir()):
        if folder.is_dir() and (claim := _take_up(inbox, folder)) is not None:
            yield claim
    for path in _dropped(inbox):
        ready, fault = _judge(path, now)
        if ready and (claim := _claim(inbox, path)) is not None:
            claim.fault = fault
            yield claim


def list_waiting(inbox: Path, *, now: datetime) -> list[Waiting]:
    """What lies in the folder and is not ready: without manifest, or still growing."""
    found = []
    for path in _dropped(inbox):
        ready, reason = _judge(path, now)
        if not ready:
            found.append(Waiting(_shown(path.name), reason or ""))
    return found


def sweep(inbox: Path, *, now: datetime) -> int:
    """Delete the bytes of what was settled long ago; outcome, ticket and manifest stay. How many files went."""
    gone = 0
    for state in (DONE, REJECTED):
        for outcome in (inbox / state).glob(f"*/{OUTCOME}"):
            data = outcome.with_name(DATA)
            if outcome.stat().st_mtime < (now - KEPT).timestamp() and os.path.lexists(data):
                data.unlink()
                gone += 1
    return gone


def _dropped(inbox: Path) -> list[Path]:
    """Plain files, the oldest first; hidden ones, links, folders and manifests are none."""
    with os.scandir(inbox) as entries:
        found = [
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
            for entry in entries
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        ]
    return [inbox / name for _, name in sorted(found) if not name.endswith(MANIFEST_SUFFIX)]


def _judge(path: Path, now: datetime) -> tuple[bool, str | None]:
    """Whether a file is to be taken now, and what is wrong with it."""
    manifest = path.with_name(path.name + MANIFEST_SUFFIX)
    if manifest.is_symlink() or not manifest.is_file():
        return False, "没有清单文件"
    try:
        changed = max(path.stat().st_mtime, manifest.stat().st_mtime)
        said = read_manifest(manifest)
        fault = None if read_digest(path)[0] == said.sha256 else "文件摘要与清单不符"
    except FileRefused as error:
        fault = error.detail
    except OSError:
        return False, "文件已被取走"
    if fault is None:
        return True, None
    return changed < (now - QUIET).timestamp(), fault


def _claim(inbox: Path, path: Path) -> Claim | None:
    """Take a file for this run: ticket, then manifest, then the file. None where another run was first."""
    ref = new_ref()
    folder = inbox / WORK / ref
    folder.mkdir(mode=0o700)
    lock = (folder / TICKET).open("x+", encoding="utf-8")
    if not _locked(lock):
        return None
    json.dump({"file": path.name}, lock, ensure_ascii=True)
    lock.flush()
    os.fsync(lock.fileno())
    try:
        path.with_name(path.name + MANIFEST_SUFFIX).rename(folder / (DATA + MANIFEST_SUFFIX))
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()
        return None
    return _fetch(inbox, Claim(ref, _shown(path.name), folder, lock), path.name)


def _take_up(inbox: Path, folder: Path) -> Claim | None:
    """A claim whose run is gone; None where it lives, was settled meanwhile, or never got a file."""
    try:
        lock = (folder / TICKET).open("r+", encoding="utf-8")
    except OSError:
        return None
    if not _locked(lock):
        return None
    try:
        still_there = os.path.samestat(os.fstat(lock.fileno()), (folder / TICKET).stat())
    except OSError:
        still_there = False
    if not still_there or not (folder / (DATA + MANIFEST_SUFFIX)).exists():
        if still_there:
            shutil.rmtree(folder, ignore_errors=True)
        lock.close()
        return None
    try:
        written = PurePath(str(json.load(lock)["file"])).name
    except (ValueError, KeyError, TypeError):
        written = ""
    return _fetch(inbox, Claim(folder.name, _shown(written), folder, lock), written)


def _fetch(inbox: Path, claim: Claim, written: str) -> Claim:
    """Bring the file beside its manifest; a file that is gone is a fault."""
    if not os.path.lexists(claim.path):
        try:
            (inbox / written).rename(claim.path)
        except OSError:
            claim.fault = "清单所指的文件已不存在"
    return claim


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    return True


def _shown(name: str) -> str:
    """A sender's file name as it may be shown and kept: no path, nothing unprintable, not endless."""
    base = PurePath(name.replace("\\", "/")).name
    return "".join(character if character.isprintable() else "?" for character in base)[:LONGEST_NAME]


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """A whole file or none."""
    part = path.with_suffix(".part")
    with suppress(FileNotFoundError):
        part.unlink()
    with part.open("x", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1, default=str)
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(path)
