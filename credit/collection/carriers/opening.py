"""What a delivered file really is: container by content, encoding by strict decoding, compressed sizes within bounds.

The suffix and the names inside archives are the sender's words and decide nothing. Encodings are tried by decoding
every byte, never guessed from a sample: utf-8 (with or without mark), utf-16 with a mark, gb18030 (which holds gbk and
more). Whatever cannot be read wholly is refused with the offset; nothing of it is taken.
"""

import codecs
import gzip
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, cast

from credit.errors import FileRefused

CHUNK: Final = 1 << 20
LARGEST_FILE: Final = 4 << 30
LARGEST_INFLATED: Final = 4 << 30
LARGEST_WORKBOOK: Final = 256 << 20
LARGEST_RATIO: Final = 200
FREE_RATIO_BELOW: Final = 64 << 20
MOST_MEMBERS: Final = 2_000

ZIP, GZIP, OLE = b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEVERAL_BYTES_SEEN: Final = 60

Opener = Callable[[], IO[bytes]]


def read_digest(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of the bytes as delivered. Refuses what is no regular file: links, devices, folders."""
    if path.is_symlink() or not path.is_file():
        raise FileRefused("不是普通文件")
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > LARGEST_FILE:
                raise FileRefused("文件过大")
    if not size:
        raise FileRefused("文件为空")
    return digest.hexdigest(), size


def unwrap(path: Path) -> tuple[str, Opener]:
    """The kind of content (text, xlsx, xls) and a way to open it afresh; gzip and zip are taken off once."""
    with path.open("rb") as stream:
        head = stream.read(8)
    if head.startswith(GZIP):
        return "text", _gzip_opener(path)
    if head.startswith(OLE):
        return "xls", lambda: path.open("rb")
    if head.startswith(ZIP):
        return _unwrap_zip(path)
    return "text", lambda: path.open("rb")


def _gzip_opener(path: Path) -> Opener:
    compressed = path.stat().st_size
    with gzip.open(path) as stream:
        try:
            refuse_nested(stream.read(8))
            size = 0
            stream.seek(0)
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                _check_inflation(size, compressed)
        except (OSError, EOFError, gzip.BadGzipFile):
            raise FileRefused("压缩文件损坏或不完整") from None
    return lambda: cast(IO[bytes], gzip.open(path))


def _unwrap_zip(path: Path) -> tuple[str, Opener]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_members(members, path.stat().st_size)
            names = {member.filename for member in members}
            if "[Content_Types].xml" in names:
                return "xlsx", lambda: path.open("rb")
            data = [m for m in members if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
            if len(data) != 1:
                raise FileRefused(f"压缩包内应只有一个数据文件，实有 {len(data)} 个")
            if data[0].flag_bits & 1:
                raise FileRefused("压缩包有密码")
            with archive.open(data[0]) as stream:
                refuse_nested(stream.read(8))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise FileRefused("压缩包损坏、不完整或加密") from None
    return "text", lambda: zipfile.ZipFile(path).open(data[0])


def check_members(members: list[zipfile.ZipInfo], compressed: int) -> None:
    """Refuse an archive by what it declares, before anything is inflated."""
    if len(members) > MOST_MEMBERS:
        raise FileRefused("压缩包内文件过多")
    _check_inflation(sum(member.file_size for member in members), compressed)


def _check_inflation(size: int, compressed: int) -> None:
    if size > LARGEST_INFLATED or (size > FREE_RATIO_BELOW and size > LARGEST_RATIO * compressed):
        raise FileRefused("解压后过大，疑似压缩炸弹")


def refuse_nested(head: bytes) -> None:
    """Refuse content whose first bytes are an archive's or a workbook's."""
    if head.startswith((ZIP, GZIP, OLE)):
        raise FileRefused("压缩包内又有压缩包或工作簿，请直接提交")


def detect_encoding(opener: Opener, wanted: str | None = None) -> str:
    """The encoding every byte of a text decodes in. Raises FileRefused with the offset of the first bad byte."""
    with opener() as stream:
        head = stream.read(4)
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise FileRefused("不支持 UTF-32 编码")
    marked = "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else None
    if head.startswith(codecs.BOM_UTF8):
        marked = "utf-8-sig"
    candidates = [marked] if marked else [wanted] if wanted else ["utf-8", "gb18030"]
    if "utf-16" in candidates and not marked:
        raise FileRefused("UTF-16 文件缺少字节序标记")
    offset = 0
    for encoding in candidates:
        found, several_bytes = _first_bad_byte(opener, encoding)
        if found is None:
            return encoding
        offset = max(offset, found)
        if encoding == "utf-8" and several_bytes >= _SEVERAL_BYTES_SEEN:
            offset = found
            break
    raise FileRefused(f"文件编码无法识别：第 {offset} 字节不是有效字符（{'、'.join(candidates)}）", offset=offset)


def _first_bad_byte(opener: Opener, encoding: str) -> tuple[int | None, int]:
    """Offset of the first byte that does not decode, and how many bytes beyond one per character came before it."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = characters = 0
    try:
        with opener() as stream:
            while True:
                chunk = stream.read(CHUNK)
                if encoding != "utf-16" and (nul := chunk.find(0)) >= 0:
                    raise FileRefused(f"文件含有空字节（第 {done + nul} 字节）", offset=done + nul)
                try:
                    characters += len(decoder.decode(chunk, final=not chunk))
                except UnicodeDecodeError as error:
                    pending = len(error.object) - len(chunk)
                    sound = error.object[: error.start].decode(encoding, "ignore")
                    return done - pending + error.start, max(0, done - pending + error.start - characters - len(sound))
                if not chunk:
                    return None, done - characters
                done += len(chunk)
    except (OSError, EOFError, zipfile.BadZipFile):
        raise FileRefused("压缩文件损坏或不完整") from None
