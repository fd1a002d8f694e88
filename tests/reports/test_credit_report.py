import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from credit.errors import CharacterNotCovered
from reports.content import Chapter, ChapterKind, CreditReport, RecordBlock, Section, format_value
from reports.credit_report import draw_credit_report

RARE = "王㐂 李𠮷 张䶮 陈𬭎 豈⼀ 葛\U000e0100城"
Make = Callable[..., Any]


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def by_pdftotext(pdf: bytes, tmp_path: Path) -> str:
    tool = shutil.which("pdftotext")
    if not tool:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "r.pdf").write_bytes(pdf)
    return subprocess.run([tool, "r.pdf", "-"], cwd=tmp_path, check=True, capture_output=True).stdout.decode()


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def texts_of(report: CreditReport) -> Iterator[str]:
    for chapter in report.chapters:
        for section in chapter.sections:
            for record in section.records:
                yield record.title
                for label, value in record.fields:
                    yield label
                    yield format_value(value)


def test_same_content_same_bytes(fonts_folder: Path, make_report: Make) -> None:
    first, again = (draw_credit_report(make_report(), fonts_folder) for _ in range(2))
    assert first == again
    cover = replace(make_report().cover, number="GXBG-20261120-000432")
    assert draw_credit_report(make_report(cover=cover), fonts_folder) != first


def test_clock_and_environment_change_nothing(
    fonts_folder: Path, make_report: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = draw_credit_report(make_report(), fonts_folder)
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert draw_credit_report(make_report(), fonts_folder) == before


@pytest.mark.parametrize("reader", ["pypdf", "pdftotext"])
def test_two_readers_find_the_content(reader: str, fonts_folder: Path, make_report: Make, tmp_path: Path) -> None:
    report = make_report()
    pdf = draw_credit_report(report, fonts_folder)
    found = bare("".join(pages_of(pdf)) if reader == "pypdf" else by_pdftotext(pdf, tmp_path))
    assert [text for text in texts_of(report) if bare(text) not in found] == []
    for wanted in (
        "异议处理中",
        "尚未归集此类信息",
        "检索范围：经营异常名录",
        "来源区税务局·决定2025-03-14·更新2026-11-18",
    ):
        assert wanted in found


@pytest.mark.parametrize("reader", ["pypdf", "pdftotext"])
def test_rare_characters_copy_rightly_in_both_weights(
    reader: str, fonts_folder: Path, report_of: Make, penalty: Make, tmp_path: Path
) -> None:
    pdf = draw_credit_report(report_of(penalty(1, title=f"粗{RARE}", fields=(("细", RARE),))), fonts_folder)
    found = bare("".join(pages_of(pdf)) if reader == "pypdf" else by_pdftotext(pdf, tmp_path))
    assert bare(f"粗{RARE}") in found
    assert bare(f"细{RARE}") in found


def test_a_rare_name_is_whole_in_the_metadata(fonts_folder: Path, make_report: Make) -> None:
    report = make_report()
    pdf = draw_credit_report(replace(report, cover=replace(report.cover, subject_name="北京𠮷店")), fonts_folder)
    metadata = PdfReader(BytesIO(pdf)).metadata
    assert metadata is not None
    assert metadata.title == "公共信用信息报告 北京𠮷店"
    assert str(metadata.creation_date).startswith("2026-11-20")


def test_every_font_is_embedded_and_no_picture_is(fonts_folder: Path, make_report: Make) -> None:
    pdf = draw_credit_report(make_report(), fonts_folder)
    for page in PdfReader(BytesIO(pdf)).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]
            assert "/ToUnicode" in font.get_object()
        assert len(page.images) == 0
    assert len(pdf) < 200_000


@pytest.mark.parametrize("place", ["cover", "field", "title", "purpose", "withheld"])
def test_an_uncovered_character_stops_the_report(
    place: str, fonts_folder: Path, make_report: Make, report_of: Make
) -> None:
    report = make_report()
    faulty = {
        "cover": replace(report, cover=replace(report.cover, subject_name="张\ue123")),
        "purpose": replace(report, cover=replace(report.cover, purpose="\ue123")),
        "withheld": replace(report, withheld=("\ue123",)),
        "field": report_of(RecordBlock("甲", (("名称", "张\ue123"),))),
        "title": report_of(RecordBlock("\ue123", ())),
    }[place]
    with pytest.raises(CharacterNotCovered, match=r"U\+E123"):
        draw_credit_report(faulty, fonts_folder)


HOSTILE = [
    '<font size="40" color="red">优秀</font>',
    '<img src="/etc/passwd"/>',
    '<img src="http://127.0.0.1:1/x.png">',
    '<a href="javascript:alert(1)">查看</a>',
    "<b>未闭合 <i",
    "&lt;b&gt; &amp; &#0; <br/> <para>",
    "]]> <?xml ?> <!-- --",
    "BT (x) Tj ET ) \\( endstream endobj",
    "甲\u202e乙\u2066丙\x00丁\x1b[31m\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_data_is_inert(text: str, fonts_folder: Path, make_report: Make) -> None:
    report = make_report()
    record = RecordBlock(text, ((text, text),), remark=text)
    chapter = Chapter(ChapterKind.other, (Section(text, (record,)), Section(text, (), text)))
    cover = replace(report.cover, subject_name=text, issuer=text, purpose=text, enquirer=text, number=text)
    pdf = draw_credit_report(replace(report, cover=cover, chapters=(chapter,), withheld=(text,)), fonts_folder)
    shown = bare(text.translate({c: f"[U+{c:04X}]" for c in (0x202E, 0x2066, 0, 0x1B, 0xD800)}))
    reader = PdfReader(BytesIO(pdf))
    found = bare("".join(page.extract_text() for page in reader.pages))
    assert found.count(shown) >= 6
    assert "root:" not in found
    assert all("/Annots" not in page and len(page.images) == 0 for page in reader.pages)


def test_three_hundred_records_break_with_repeated_heads(fonts_folder: Path, report_of: Make, penalty: Make) -> None:
    pages = pages_of(draw_credit_report(report_of(*(penalty(n) for n in range(1, 301))), fonts_folder))
    assert all("行政处罚（续）" in page for page in pages[2:-1])
    found = bare("".join(pages))
    assert [n for n in range(1, 301) if f"{n}.京税罚〔2025〕{n}号" not in found] == []
    for number, page in enumerate(pages, 1):
        assert f"第 {number} 页 共 {len(pages)} 页" in page


def test_a_field_of_a_hundred_kilobytes_breaks_and_loses_nothing(fonts_folder: Path, report_of: Make) -> None:
    text = "".join(chr(0x4E00 + n % 3000) for n in range(33_000))
    pages = pages_of(draw_credit_report(report_of(RecordBlock("长文", (("违法事实", text),))), fonts_folder))
    body = re.sub(
        r"公共信用信息报告北京㐂䶮餐饮管理有限公司|行政处罚（续）|报告编号.*?6N8P", "", bare("".join(pages[1:]))
    )
    assert text[:3000] in body.replace("违法事实", "")
    assert sum(body.count(c) for c in "龠丁") >= 11
    assert len(pages) > 15


def test_a_name_of_two_thousand_characters(
    fonts_folder: Path, make_report: Make, penalty: Make, report_of: Make
) -> None:
    name = "甲乙" * 1000
    report = report_of(penalty(1, title=name), penalty(2, title=name))
    pages = pages_of(draw_credit_report(replace(report, cover=replace(report.cover, subject_name=name)), fonts_folder))
    assert "全文见正文" in pages[0]
    assert "验证码" in pages[0]


def test_an_empty_report(fonts_folder: Path, make_report: Make) -> None:
    report = make_report()
    explanations = replace(report.explanations, sources=())
    empty = replace(report, explanations=explanations, chapters=(), withheld=())
    pages = pages_of(draw_credit_report(empty, fonts_folder))
    assert len(pages) == 2
    assert "以下无正文" in pages[1]


def test_outline_leads_to_every_chapter(fonts_folder: Path, make_report: Make) -> None:
    reader = PdfReader(BytesIO(draw_credit_report(make_report(), fonts_folder)))
    chapters = [entry for entry in reader.outline if not isinstance(entry, list)]
    assert [str(entry.title) for entry in chapters[:5]] == [
        "封面",
        "报告说明",
        "信息概要",
        "一、基础信息",
        "二、行政管理信息",
    ]
    for entry in chapters[1:]:
        page = reader.get_destination_page_number(entry)
        assert page is not None
        assert str(entry.title) in reader.pages[page].extract_text()


def test_qr_code_holds_the_address(fonts_folder: Path, make_report: Make, tmp_path: Path) -> None:
    draw, scan = shutil.which("pdftoppm"), shutil.which("zbarimg")
    if not draw or not scan:
        pytest.skip("pdftoppm or zbarimg is not installed")
    report = make_report()
    (tmp_path / "r.pdf").write_bytes(draw_credit_report(report, fonts_folder))
    subprocess.run([draw, "-r", "150", "-f", "1", "-l", "1", "-gray", "r.pdf", "r"], cwd=tmp_path, check=True)
    (image,) = tmp_path.glob("r-*.pgm")
    read = subprocess.run([scan, "--raw", "-q", image.name], cwd=tmp_path, check=True, capture_output=True)
    assert read.stdout.decode().strip() == report.cover.verification_address


ELSEWHERE = """
import hashlib, importlib.util, sys
spec = importlib.util.spec_from_file_location("samples", sys.argv[1])
samples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(samples)
from reports.credit_report import draw_credit_report
print(hashlib.sha256(draw_credit_report(samples.make_report(), samples.CACHE)).hexdigest())
"""


def test_another_process_draws_the_same_bytes(fonts_folder: Path, make_report: Make) -> None:
    here = Path(__file__).resolve().parent
    command = [sys.executable, "-c", ELSEWHERE, str(here / "conftest.py")]
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "America/Lima", "LC_ALL": "C"}
    found = subprocess.run(command, cwd=here.parents[1], env=environment, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == sha256(draw_credit_report(make_report(), fonts_folder)).hexdigest()


def test_threads_do_not_disturb_each_other(
    fonts_folder: Path, make_report: Make, report_of: Make, penalty: Make
) -> None:
    reports = [make_report(), report_of(penalty(1, title=RARE)), report_of(*(penalty(n) for n in range(9)))] * 4
    alone = [draw_credit_report(report, fonts_folder) for report in reports]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda report: draw_credit_report(report, fonts_folder), reports)) == alone
