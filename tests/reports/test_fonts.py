from pathlib import Path
from typing import Any

import pytest

from reports.font_cutting import cut_fonts, write_whole
from reports.fonts import FACES, FontSet, FontsMissing, Weight, font_path, to_unicode_map


def test_regular_and_bold_have_names_of_their_own(fonts_folder: Path) -> None:
    fonts = FontSet(fonts_folder)
    names = {fonts._face(face, weight).face.name.decode() for face in FACES for weight in Weight}
    assert names == {f"NotoSans{face}-{weight}" for face in FACES for weight in ("Regular", "Bold")}


def test_bold_is_bolder(fonts_folder: Path) -> None:
    regular, bold = (font_path(fonts_folder, "SC", weight).read_bytes() for weight in Weight)
    assert regular != bold


def test_rare_characters_are_covered_in_both_weights(fonts_folder: Path) -> None:
    fonts = FontSet(fonts_folder)
    found = {c: [fonts.glyph(c, weight)[0] for weight in Weight] for c in "㐂𠮷䶮𬭎豈⼀"}
    assert found["𠮷"] == ["NotoSansJP-Regular", "NotoSansJP-Bold"]
    assert all(names[1].endswith("Bold") for names in found.values())


def test_a_selector_takes_no_room(fonts_folder: Path) -> None:
    assert FontSet(fonts_folder).glyph("\U000e0100", Weight.bold) == ("NotoSansSC-Bold", 0.0)


def test_missing_fonts_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match="make install"):
        FontSet(tmp_path).glyph("甲", Weight.regular)


def test_what_is_cut_is_not_cut_again(fonts_folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in cut_fonts(fonts_folder)}
    assert {path: path.stat().st_mtime_ns for path in cut_fonts(fonts_folder)} == before


def test_an_interrupted_cut_leaves_nothing(tmp_path: Path) -> None:
    class Interrupted:
        def save(self, stream: Any) -> None:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "font.ttf", Interrupted())
    assert list(tmp_path.iterdir()) == []


def test_unicode_map_is_utf16_in_blocks_of_a_hundred() -> None:
    text = to_unicode_map("X", [0, 0x20BB7, *range(0x4E00, 0x4E00 + 150)])
    assert "<01> <D842DFB7>" in text
    assert "<00>" not in text.replace("<00> <FF>", "")
    assert [line for line in text.splitlines() if line.endswith("beginbfchar")] == ["100 beginbfchar", "51 beginbfchar"]
