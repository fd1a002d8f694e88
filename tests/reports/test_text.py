from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.errors import CharacterNotCovered
from reports.fonts import FontSet, Weight, load_fonts
from reports.text import NO_END, NO_START, Line, Style, break_lines, clean

STYLE = Style(size=10, leading=14)
LETTERS = "的一是在行政处罚决定书abcXYZ0123456789 -/.,，。、（）〔〕《》“”【】·𠮷㐂䶮𬭎\n\t\u202e\u200b\u3000"


@pytest.fixture(scope="module")
def fonts(fonts_folder: Path) -> FontSet:
    return load_fonts(fonts_folder)


def read(line: Line) -> str:
    return "".join(text for _, text in line.runs)


@given(text=st.text(alphabet=LETTERS, max_size=200), width=st.floats(30, 400))
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_nothing_sticks_out(text: str, width: float, fonts: FontSet) -> None:
    lines = break_lines(text, width, STYLE, fonts)
    assert "".join(map(read, lines)) == clean(text).replace("\n", "")
    for line in lines:
        stripped = read(line).rstrip(" \u3000")
        assert sum(fonts.glyph(c, Weight.regular)[1] for c in stripped) / 100 <= width + 1e-6


def test_lines_end_as_chinese_lines_end(fonts: FontSet) -> None:
    text = "依据《中华人民共和国税收征收管理法》（以下简称“征管法”）第六十条，决定：罚款。" * 5
    for width in range(60, 300, 7):
        lines = [read(line) for line in break_lines(text, width, STYLE, fonts)]
        assert not [line for line in lines if line[0] in NO_START or line[-1] in NO_END]


def test_numbers_and_codes_stay_whole(fonts: FontSet) -> None:
    text = "主体代码为91110108MA00000007，罚款金额12,400.50元，已经缴纳完毕，"
    for width in range(110, 300, 11):
        broken = "|".join(read(line) for line in break_lines(text, width, STYLE, fonts))
        assert "91110108MA00000007" in broken
        assert "12,400.50" in broken


def test_each_character_finds_its_font(fonts: FontSet) -> None:
    (line,) = break_lines("李𠮷䶮", 400, STYLE, fonts)
    assert line.runs == (("NotoSansSC-Regular", "李"), ("NotoSansJP-Regular", "𠮷"), ("NotoSansSC-Regular", "䶮"))


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        ("甲\u202e乙", "甲[U+202E]乙"),
        ("甲\0乙", "甲[U+0000]乙"),
        ("甲\u200b\ufeff乙", "甲[U+200B][U+FEFF]乙"),
        ("\u2067甲\u2069", "[U+2067]甲[U+2069]"),
        ("甲\ud800乙", "甲[U+D800]乙"),
        ("a\x1b[31mb", "a[U+001B][31mb"),
        ("甲\r\n乙\r丙\u2028丁\t戊", "甲\n乙\n丙\n丁 戊"),
        ("葛\U000e0100", "葛\U000e0100"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(raw: str, printed: str) -> None:
    assert clean(raw) == printed


@pytest.mark.parametrize(
    ("character", "named"), [("\ue000", "U+E000"), ("😀", "U+1F600"), ("ཀ", "U+0F40"), ("\U00032000", "U+32000")]
)
def test_an_uncovered_character_is_named(character: str, named: str, fonts: FontSet) -> None:
    with pytest.raises(CharacterNotCovered, match=named.replace("+", r"\+")):
        break_lines(f"张{character}", 400, STYLE, fonts)


def test_a_hundred_thousand_characters_take_linear_time(fonts: FontSet) -> None:
    lines = break_lines("（" * 20_000 + "处罚内容" * 15_000 + "。" * 20_000, 300, STYLE, fonts)
    assert sum(len(read(line)) for line in lines) == 100_000
