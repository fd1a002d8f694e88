"""A ZIP with several data files (多文件压缩包): each member becomes a file of our own naming; what its name says is only a name.

Sizes are checked before anything is written and again while writing; members that are links, encrypted, or themselves archives
or workbooks refuse the whole archive. A manifest inside belongs to the member it names.
"""

import stat
import zipfile
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from credit.collection.carriers.opening import CHUNK, ZIP, check_members, refuse_nested
from credit.errors import FileRefused

MOST_FILES: Final = 100
MANIFEST: Final = ".manifest.json"


class Member(NamedTuple):
    """A data file of an archive: the base name its sender gave it, and where it lies now."""

    name: str
    path: Path


def holds_several(path: Path) -> bool:
    """Whether this is a ZIP with more than one data file (a workbook is none)."""
    with path.open("rb") as stream:
        if not stream.read(4).startswith(ZIP):
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            return len(_data_members(archive)) > 1
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return False


def unpack(path: Path, folder: Path) -> list[Member]:
    """Write every data file of an archive into ``folder`` as 0001, 0002 …, manifests beside them. FileRefused for all else."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive.infolist(), path.stat().st_size)
            members = _data_members(archive)
            if len(members) > MOST_FILES:
                raise FileRefused("压缩包内文件过多")
            by_name = {member.filename: member for member in archive.infolist()}
            found = []
            for number, member in enumerate(members, 1):
                placed = folder / f"{number:04d}"
                _write(archive, member, placed)
                if beside := by_name.get(member.filename + MANIFEST):
                    _write(archive, beside, placed.with_name(placed.name + MANIFEST))
                found.append(Member(_base(member), placed))
            return found
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise FileRefused("压缩包损坏、不完整或加密") from None


def _data_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members that hold data; none of a workbook."""
    if "[Content_Types].xml" in archive.namelist():
        return []
    return [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not _base(member).startswith(".")
        and not member.filename.endswith(MANIFEST)
    ]


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, placed: Path) -> None:
    if member.flag_bits & 1:
        raise FileRefused("压缩包有密码")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise FileRefused("压缩包内含有链接")
    written = 0
    with archive.open(member) as stream, placed.open("xb") as target:
        while chunk := stream.read(CHUNK):
            if not written:
                refuse_nested(chunk[:8])
            written += len(chunk)
            if written > member.file_size:
                raise FileRefused("解压后过大，疑似压缩炸弹")
            target.write(chunk)


def _base(member: zipfile.ZipInfo) -> str:
    return PurePath(member.filename.replace("\\", "/")).name
