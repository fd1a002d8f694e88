"""Fonts that can write every name: Noto Sans SC, then JP, then TC, character by character.

The pip package holds variable fonts, which PDF cannot embed. They are cut to Regular and Bold once (``python -m
reports.font_cutting DIR``, some 30 s, named by the digest of their origin) and only loaded afterwards; the two fallbacks
keep no more than the characters their predecessors lack. Each cut has its own PostScript name, or viewers would take
bold for regular. A file is moved into place whole, so an interrupted cut leaves nothing behind that looks finished. A
character no font has stops the report (``CharacterNotCovered``): a box in a name would be a wrong name.
"""

import hashlib
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

from reportlab.pdfbase import pdfmetrics, ttfonts

from credit.errors import CharacterNotCovered, CreditError

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "instance" / "fonts"
RECIPE = "1"
FACES = ("SC", "JP", "TC")


class FontsMissing(CreditError):
    """The fonts were never cut on this machine; a request must not wait for it."""

    slug, title = "fonts-missing", "字库未安装，无法生成报告"


class Weight(StrEnum):
    """The two cuts; the value is the end of the PostScript name."""

    regular = "Regular"
    bold = "Bold"


class EmbeddedFont(ttfonts.TTFont):  # type: ignore[misc, unused-ignore]
    """A TrueType font whose text copies rightly beyond the basic plane.

    ReportLab writes U+20BB7 as ``<20BB7>`` into ToUnicode, which readers take for another character; here it is UTF-16.
    """

    def addObjects(self, doc: Any) -> None:  # noqa: N802 ReportLab's name
        """Add the subsets as ReportLab does, then replace their ToUnicode maps."""
        subsets = [list(subset) for subset in self.state[doc].subsets]
        super().addObjects(doc)
        for n, subset in enumerate(subsets):
            name = f"{ttfonts.SUBSETN(n).decode()}+{self.face.name.decode()}"
            reference = f"toUnicodeCMap:{name}"
            doc.idToObject[reference].content = to_unicode_map(name, subset)


def to_unicode_map(name: str, codes: list[int]) -> str:
    """The ToUnicode map of one subset: UTF-16BE values, blocks of at most 100 as the CMap format demands."""
    pairs = [f"<{i:02X}> <{chr(c).encode('utf-16-be').hex().upper()}>" for i, c in enumerate(codes) if c]
    lines = ["/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap", "/CIDSystemInfo"]
    lines += ["<< /Registry (Adobe)", "/Ordering (UCS)", "/Supplement 0", ">> def", f"/CMapName /{name} def"]
    lines += ["/CMapType 2 def", "1 begincodespacerange", "<00> <FF>", "endcodespacerange"]
    for start in range(0, len(pairs), 100):
        block = pairs[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines)


class FontSet:
    """The cut fonts of one folder: which one writes a character, and how wide. Fallbacks load when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._faces: dict[tuple[str, Weight], EmbeddedFont] = {}
        self._glyphs = {weight: Glyphs(self, weight) for weight in Weight}

    def glyph(self, character: str, weight: Weight) -> tuple[str, float]:
        """Font name and advance width (thousandths of the size); ``CharacterNotCovered`` if no font has it."""
        return self._glyphs[weight][character]

    def glyphs(self, weight: Weight) -> "Glyphs":
        """The same as a mapping, for loops over long texts."""
        return self._glyphs[weight]

    def path_of(self, font_name: str) -> Path:
        """The file of a font named by ``glyph``."""
        face, _, weight = font_name.removeprefix("NotoSans").partition("-")
        return font_path(self.folder, face, Weight(weight))

    def search(self, character: str, weight: Weight) -> tuple[str, float]:
        """As ``glyph``, without remembering."""
        code = ord(character)
        for face in FACES:
            font = self._face(face, weight)
            if code in font.face.charToGlyph:
                return font.fontName, float(font.face.charWidths[code])
        raise CharacterNotCovered(f"字库中没有字符 U+{code:04X}，报告未生成", code_point=f"U+{code:04X}")

    def _face(self, face: str, weight: Weight) -> EmbeddedFont:
        font = self._faces.get((face, weight))
        if font is None:
            with self._lock:
                font = self._faces.get((face, weight)) or self._load(face, weight)
        return font

    def _load(self, face: str, weight: Weight) -> EmbeddedFont:
        path = font_path(self.folder, face, weight)
        if not path.is_file():
            raise FontsMissing("尚未生成报告字库，请先运行 make install（python -m reports.font_cutting）")
        font = EmbeddedFont(postscript_name(face, weight), str(path), asciiReadable=False, shapable=False)
        pdfmetrics.registerFont(font)
        self._faces[face, weight] = font
        return font


class Glyphs(dict[str, tuple[str, float]]):
    """Character to (font name, advance width) in one weight; what is not known yet is searched and remembered."""

    def __init__(self, fonts: FontSet, weight: Weight) -> None:
        super().__init__()
        self._fonts, self._weight = fonts, weight

    def __missing__(self, character: str) -> tuple[str, float]:
        found = self[character] = self._fonts.search(character, self._weight)
        return found


@lru_cache(maxsize=4)
def load_fonts(folder: Path = DEFAULT_FOLDER) -> FontSet:
    """The fonts of a folder, registered once per process."""
    return FontSet(folder)


def postscript_name(face: str, weight: Weight) -> str:
    """The name under which a cut is embedded."""
    return f"NotoSans{face}-{weight.value}"


@lru_cache(maxsize=8)
def origin_of(face: str) -> Path:
    """The variable font of a face, as the pip package brings it."""
    folder = files("justmytype_intl_cjk") / "fonts" / "ofl" / f"notosans{face.lower()}"
    return Path(str(folder / f"NotoSans{face}[wght].ttf"))


@lru_cache(maxsize=8)
def _digest(face: str) -> str:
    return hashlib.sha256(origin_of(face).read_bytes() + RECIPE.encode()).hexdigest()[:16]


def font_path(folder: Path, face: str, weight: Weight) -> Path:
    """Where a cut lies: its name holds the digest of its origin and of the recipe."""
    return folder / f"{postscript_name(face, weight)}-{_digest(face)}.ttf"
