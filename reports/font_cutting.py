"""Cutting variable fonts to what a report embeds; run once at installation, the only module that needs fontTools whole.

Characters are chosen before the weight is fixed, so the two fallbacks take a second each instead of fifteen.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.varLib import instancer

from reports.fonts import DEFAULT_FOLDER, FACES, Weight, font_path, origin_of, postscript_name

AXIS = {Weight.regular: 400, Weight.bold: 700}
SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
DROPPED_TABLES = ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG")


def write_whole(path: Path, font: Any) -> None:
    """Save under a passing name, then move into place: a file with its final name is always whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".cut-", suffix=".ttf")
    try:
        with os.fdopen(handle, "wb") as stream:
            font.save(stream)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def cut(face: str, weight: Weight) -> Any:
    """One font of one weight: only its own characters, no tables PDF does not use, a name of its own."""
    font: Any = TTFont(origin_of(face), recalcTimestamp=False)
    _keep_only(font, _characters_of(face))
    font = instancer.instantiateVariableFont(font, {"wght": AXIS[weight]}, inplace=True)
    if face == FACES[0]:
        _add_selectors(font)
    _rename(font, face, weight)
    return font


def _characters_of(face: str) -> set[int]:
    earlier: set[int] = set()
    for name in FACES:
        with TTFont(origin_of(name), lazy=True) as font:
            covered = set(font.getBestCmap())
        if name == face:
            return covered - earlier | {0x20}
        earlier |= covered
    raise ValueError(face)


def _keep_only(font: Any, characters: set[int]) -> None:
    for tag in DROPPED_TABLES:
        if tag in font:
            del font[tag]
    options = subset.Options(layout_features=[], notdef_outline=True, name_IDs=["*"], hinting=False, glyph_names=False)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters)
    worker.subset(font)


def _add_selectors(font: Any) -> None:
    """Variation selectors become an empty, zero-wide glyph: nothing is drawn, the text still copies as it was."""
    name = "selector"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name] = Glyph()
    font["glyf"].glyphOrder = font.getGlyphOrder()
    font["hmtx"].metrics[name] = (0, 0)
    for table in font["cmap"].tables:
        if table.format in (4, 12):
            last = 0xFFFF if table.format == 4 else 0x10FFFF
            table.cmap.update({code: name for code in SELECTORS if code <= last})


def _rename(font: Any, face: str, weight: Weight) -> None:
    names = font["name"]
    texts = {
        1: f"Noto Sans {face}",
        2: weight.value,
        4: f"Noto Sans {face} {weight.value}",
        6: postscript_name(face, weight),
    }
    for record in list(names.names):
        if record.nameID in (3, 16, 17, 21, 22, 25) or record.platformID == 1:
            names.removeNames(nameID=record.nameID, platformID=record.platformID)
    for number, text in texts.items():
        names.removeNames(nameID=number)
        names.setName(text, number, 3, 1, 0x409)


def cut_fonts(folder: Path) -> list[Path]:
    """Cut what is missing in ``folder`` (some 35 s and 255 MB in all); return all paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for face in FACES:
        for weight in Weight:
            path = font_path(folder, face, weight)
            if not path.is_file():
                write_whole(path, cut(face, weight))
            paths.append(path)
    return paths


def main() -> None:
    """``python -m reports.font_cutting [DIR]``: cut the fonts once."""
    parser = argparse.ArgumentParser(description="Cut the report fonts (生成报告字库)")
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER)
    folder: Path = parser.parse_args().folder
    for path in cut_fonts(folder):
        print(f"字库 {path.name} {path.stat().st_size // 1024} kB")  # noqa: T201 a command speaks


if __name__ == "__main__":
    main()
