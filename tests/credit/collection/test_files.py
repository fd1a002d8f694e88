"""The files carrier: good files in every dress, bad files refused whole with a reason."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.collection.carriers import opening
from credit.collection.carriers.files import check_manifest, open_table, read_manifest
from credit.collection.description import read_description
from credit.errors import FileRefused

HEADER, ROWS = (
    ["名称", "代码", "备注"],
    [["甲有限公司", "91310106MA1FY0T61W", "一"], ["𠮷㐂䶮公司", "91310106MA7XK0Q20E", "二"]],
)
TEXT = "\r\n".join(",".join(row) for row in [HEADER, *ROWS]) + "\r\n"


def describe(**files):
    return read_description(
        {
            "name": "t", "title": "t", "department": "d", "carrier": "files", "item": "registration",
            "columns": [{"column": c, "means": m} for c, m in zip(HEADER, ("name", "uscc", "remark"), strict=True)],
            "files": files,
        }
    )  # fmt: skip


def read(path: Path, **files):
    with open_table(path, describe(**files)) as table:
        return table, [row for page in table.pages() for row in page.rows]


def put(folder: Path, content: bytes | str, name="x.csv", encoding="utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def workbook(folder: Path, fill, name="x.xlsx") -> Path:
    book = openpyxl.Workbook()
    fill(book)
    path = folder / name
    book.save(path)
    return path


def fill_rows(sheet, rows=(HEADER, *ROWS)):
    for row in rows:
        sheet.append(row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_are_found_by_decoding(tmp_path, encoding):
    table, rows = read(put(tmp_path, TEXT, encoding=encoding))
    assert (table.header, rows, table.encoding) == (tuple(HEADER), ROWS, encoding)
    assert (table.received, table.rows_in_file) == (2, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_bad_byte_refuses_the_file_and_says_where(tmp_path, encoding):
    content = bytearray((TEXT * 30).encode(encoding))
    place = len(content) - 9
    content[place] = 0xFF
    with pytest.raises(FileRefused) as caught:
        read(put(tmp_path, bytes(content)))
    assert caught.value.facts["offset"] in range(place - 2, place + 1)


def test_a_character_cut_off_at_the_end(tmp_path):
    with pytest.raises(FileRefused, match="编码"):
        read(put(tmp_path, (TEXT * 30 + "尾").encode()[:-1]))


@pytest.mark.parametrize("content", [b"", b"\x00", TEXT.encode() + b"a,\x00,b\r\n", b"\xff\xfe\x00\x00a\x00\x00\x00"])
def test_empty_nul_and_utf32(tmp_path, content):
    with pytest.raises(FileRefused):
        read(put(tmp_path, content))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_embedded_line_breaks(tmp_path, ends):
    text = ends.join(["名称,代码,备注", '"甲\n公司",1,2', "乙,3,4"])
    assert read(put(tmp_path, text))[1] == [["甲\n公司", "1", "2"], ["乙", "3", "4"]]


def test_mixed_line_ends(tmp_path):
    assert len(read(put(tmp_path, "名称,代码,备注\r\n甲,1,2\n乙,3,4\r丙,5,6"))[1]) == 3


def test_a_quote_never_closed_refuses_everything_before_the_first_page(tmp_path):
    lines = ["名称,代码,备注", *["甲,1,2"] * 10, '"乙,3,4', *["丙,5,6"] * 10]
    with pytest.raises(FileRefused, match="引号"):
        open_table(put(tmp_path, "\n".join(lines)), describe())
    lines[-1:] = ["丙,5,6"] * 60_000
    with pytest.raises(FileRefused, match="引号"):
        open_table(put(tmp_path, "\n".join(lines)), describe())


@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t"), ("csv", "|")])
def test_delimiters(tmp_path, suffix, delimiter):
    assert read(put(tmp_path, TEXT.replace(",", delimiter), f"x.{suffix}"))[1] == ROWS


def test_title_blank_rows_footer_and_row_numbers(tmp_path):
    text = "标题,,\n\n名称,代码,备注\n甲,1,a\n,,\n乙,2,b\n丙,3,c\n合计：3条,,\n"
    with open_table(put(tmp_path, text), describe(header_row=2, skip_footer=1)) as table:
        pages = list(table.pages())
    assert [(page.first_row_number, [row[0] for row in page.rows]) for page in pages] == [
        (4, ["甲"]),
        (6, ["乙", "丙"]),
    ]
    assert (table.received, table.rows_in_file) == (3, 4)


def test_pages_hold_at_most_2000_rows(tmp_path):
    with open_table(put(tmp_path, "名称,代码,备注\n" + "甲,1,2\n" * 4_001), describe()) as table:
        pages = list(table.pages())
    assert [(len(page.rows), page.first_row_number) for page in pages] == [(2000, 2), (2000, 2002), (1, 4002)]


def test_no_header(tmp_path):
    assert read(put(tmp_path, "甲,1,2\n"), header_row=None)[1] == [["甲", "1", "2"]]
    with pytest.raises(FileRefused, match="表头"):
        read(put(tmp_path, "甲,1,2\n"), header_row=4)
    with pytest.raises(FileRefused, match="表头"):
        read(put(tmp_path, ",,\n甲,1,2\n"))


def test_compressed_whatever_the_suffix(tmp_path):
    assert read(put(tmp_path, gzip.compress(TEXT.encode("gb18030")), "x.csv"))[1] == ROWS
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/passwd\nCON", TEXT)
    before = set(tmp_path.parent.iterdir())
    assert read(put(tmp_path, buffer.getvalue(), "x.csv"))[1] == ROWS
    assert set(tmp_path.parent.iterdir()) == before


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.csv": TEXT.encode(), "b.csv": TEXT.encode()}),
        zipped({"a.zip": zipped({"a.csv": TEXT.encode()})}),
        gzip.compress(gzip.compress(TEXT.encode())),
        gzip.compress(zipped({"a.csv": TEXT.encode()})),
        gzip.compress(TEXT.encode() * 50)[:-20],
        zipped({"a.csv": TEXT.encode()})[:-30],
        zipped({f"{n}.csv": b"" for n in range(2_100)}),
    ],
    ids=["several", "zip-in-zip", "gz-in-gz", "zip-in-gz", "cut-gz", "cut-zip", "many"],
)
def test_archives_that_are_refused(tmp_path, content):
    with pytest.raises(FileRefused):
        read(put(tmp_path, content))


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"a.csv": data})])
def test_bombs_are_refused_by_their_inflated_size(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(opening, "FREE_RATIO_BELOW", 1 << 20)
    with pytest.raises(FileRefused, match="炸弹"):
        read(put(tmp_path, pack(b"0" * (3 << 20))))


def test_links_and_folders_are_no_files(tmp_path):
    (tmp_path / "link.csv").symlink_to(put(tmp_path, TEXT))
    for path in (tmp_path / "link.csv", tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(FileRefused, match="普通文件"):
            read(path)


def test_a_workbook_named_csv(tmp_path):
    table, rows = read(workbook(tmp_path, lambda book: fill_rows(book.active), "x.csv"))
    assert (table.container, table.header, rows) == ("xlsx", tuple(HEADER), ROWS)


def test_cells_as_text(tmp_path):
    from datetime import date, datetime

    row = [
        911310106123456789,
        310106000000018,
        0.1,
        12.5,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 13, 5),  # noqa: DTZ001  a cell has no zone
        True,
        None,
        -3,
    ]
    path = workbook(tmp_path, lambda book: fill_rows(book.active, [[str(n) for n in range(9)], row]))
    assert read(path)[1] == [
        ["9.11310E+17", "310106000000018", "0.1", "12.5", "2024-02-29", "2024-02-29 13:05:00", "是", "", "-3"]
    ]


def test_leading_blank_rows_of_a_sheet_count(tmp_path):
    def fill(book):
        book.active["B3"], book.active["C3"], book.active["B4"], book.active["C4"] = "名称", "代码", "甲", "1"

    with open_table(workbook(tmp_path, fill), describe(header_row=2)) as table:
        page = next(table.pages())
    assert (table.header, page.first_row_number, page.rows) == (("", "名称", "代码"), 4, [["", "甲", "1"]])
    assert table.rows_in_file == 1


def test_hidden_sheets_are_not_read_and_two_visible_ones_need_a_word(tmp_path):
    def fill(book):
        fill_rows(book.active)
        hidden = book.create_sheet("藏")
        hidden.sheet_state = "hidden"
        fill_rows(hidden, [["x"], ["y"]])

    path = workbook(tmp_path, fill)
    assert read(path)[1] == ROWS

    def fill_two(book):
        fill(book)
        fill_rows(book.create_sheet("另一"), [HEADER, ROWS[1]])

    path = workbook(tmp_path, fill_two)
    with pytest.raises(FileRefused, match="sheet"):
        read(path)
    assert read(path, sheet="另一")[1] == ROWS[1:]
    assert read(path, sheet=1)[1] == ROWS[1:]
    for sheet in ("没有", 9):
        with pytest.raises(FileRefused):
            read(path, sheet=sheet)


def with_parts(path: Path, added: dict[str, str], replaced: tuple[str, str] = ("", "")) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= {name: text.encode() for name, text in added.items()}
    if replaced[0]:
        sheet = "xl/worksheets/sheet1.xml"
        parts[sheet] = parts[sheet].replace(replaced[0].encode(), replaced[1].encode())
    return put(path.parent, zipped(parts), "y.xlsx")


@pytest.mark.parametrize(
    ("added", "replaced", "word"),
    [
        ({"xl/vbaProject.bin": "x"}, ("", ""), "宏"),
        ({"xl/macrosheets/sheet1.xml": "<x/>"}, ("", ""), "宏"),
        ({"xl/externalLinks/externalLink1.xml": "<externalLink/>"}, ("", ""), "外部链接"),
        ({"xl/x.xml": '<externalLink><ddeLink ddeService="cmd"/></externalLink>'}, ("", ""), "DDE"),
        ({"xl/x.xml": '<!DOCTYPE l [<!ENTITY a "ha">]><l>&a;</l>'}, ("", ""), "文档类型"),
        ({}, ("<sheetData>", '<sheetData><row r="1048576"><c r="A1048576" t="n"><v>1</v></c></row>'), "行号"),
        ({}, ("<sheetData>", '<sheetData><row r="1"><c r="XFD1" t="n"><v>1</v></c></row>'), "列数"),
    ],
)
def test_dangerous_workbooks(tmp_path, added, replaced, word):
    path = workbook(tmp_path, lambda book: fill_rows(book.active))
    with pytest.raises(FileRefused, match=word):
        read(with_parts(path, added, replaced))


def test_formulas_and_broken_workbooks(tmp_path):
    with pytest.raises(FileRefused, match="公式"):
        read(workbook(tmp_path, lambda book: fill_rows(book.active, [HEADER, ["=1+1", "", ""]])))
    path = workbook(tmp_path, lambda book: fill_rows(book.active))
    with pytest.raises(FileRefused):
        read(put(tmp_path, path.read_bytes()[:-200], "z.xlsx"))
    with pytest.raises(FileRefused):
        read(put(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, "z.xls"))
    with pytest.raises(FileRefused, match="宏"):
        read(put(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), "z.xls"))


OBJECTS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(
    ("text", "container"),
    [
        (json.dumps(OBJECTS, ensure_ascii=False), "json"),
        (json.dumps({"total": 2, "rows": OBJECTS}), "json"),
        (json.dumps(OBJECTS, indent=2), "json"),
        ("\n".join(json.dumps(entry) for entry in OBJECTS), "jsonl"),
    ],
)
def test_json(tmp_path, text, container):
    table, rows = read(put(tmp_path, text, "x.csv"), container=container)
    assert (list(table.header), rows) == (HEADER, ROWS)


def test_json_keys_in_full_width_are_the_same_column(tmp_path):
    description = read_description(
        {
            "name": "t", "title": "t", "department": "d", "carrier": "files", "item": "registration",
            "columns": [{"column": "金额(元)", "means": "amount"}, {"column": "名称", "means": "name"}],
        }
    )  # fmt: skip
    with open_table(put(tmp_path, '[{"金额（元）": 5}, {"名称": "甲"}]'), description) as table:
        assert table.header == ("金额(元)", "名称")
        assert next(table.pages()).rows == [["5", ""], ["", "甲"]]


def test_json_numbers_keep_their_digits(tmp_path):
    assert read(put(tmp_path, '[{"名称": 91310106123456789012, "备注": 0.10}]'))[1] == [
        ["91310106123456789012", "0.10", ""]
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[{"名称": NaN}]', '[{"名称": "a", "名称": "b"}]', '[{"名称": ["a"]}]', "[1, 2]", '[{"名称": "a"}', "[" * 100_000,
        '{"a": [], "b": []}', '{"名称": "a"}\n{"名称": \n',
    ],
)  # fmt: skip
def test_json_that_is_refused_before_the_first_page(tmp_path, text):
    with pytest.raises(FileRefused):
        open_table(put(tmp_path, text), describe())


def test_a_lone_surrogate_in_json_is_a_fault_of_its_row_not_a_crash(tmp_path):
    from credit.collection.faults import Unreadable
    from credit.collection.values import clean_text

    _, rows = read(put(tmp_path, '[{"名称": "\\ud800公司"}]'))
    with pytest.raises(Unreadable):
        clean_text(rows[0][0])


def test_a_description_that_names_another_container_is_contradicted(tmp_path):
    with pytest.raises(FileRefused, match="不符"):
        read(put(tmp_path, TEXT), container="xlsx")
    with pytest.raises(FileRefused):
        read(put(tmp_path, TEXT, encoding="gb18030"), encoding="utf-8")


def test_manifest_beside_the_file(tmp_path):
    path = put(tmp_path, TEXT)
    digest = read(path)[0].digest
    beside = tmp_path / "x.csv.manifest.json"
    beside.write_text(json.dumps({"sha256": digest, "rows": 2}))
    assert read(path)[1] == ROWS
    check_manifest(read_manifest(beside), digest, 2)
    for content in (
        {"sha256": digest, "rows": 3},
        {"sha256": "0" * 64, "rows": 2},
        {"rows": 2},
        {"sha256": "x", "rows": 2},
    ):
        beside.write_text(json.dumps(content))
        with pytest.raises(FileRefused):
            read(path)


def test_same_bytes_same_digest_whatever_the_name(tmp_path):
    assert read(put(tmp_path, TEXT, "a.csv"))[0].digest == read(put(tmp_path, TEXT, "CON.txt"))[0].digest


def test_memory_stays_flat(tmp_path):
    import subprocess
    import sys

    path = put(tmp_path, "名称,代码,备注\n" + "示例有限公司,91310106MA1FY0T61W,说明文字说明文字\n" * 400_000)
    script = (
        "import resource,sys;from pathlib import Path;from credit.collection.carriers.files import open_table;"
        "from credit.collection.description import read_description as r;"
        "d=r({'name':'t','title':'t','department':'d','carrier':'files','item':'registration',"
        "'columns':[{'column':'名称','means':'name'}]});"
        "before=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;t=open_table(Path(sys.argv[1]),d);"
        "n=sum(len(p.rows) for p in t.pages());"
        "print(n,(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-before)//1024)"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    rows, megabytes = map(int, out.stdout.split())
    assert rows == 400_000 and megabytes <= 30


HEADS = [
    *(b"", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"[", b"{", b"\xff\xfe"),
    "名称,代码\n".encode(),
]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(HEADS),
    st.binary(max_size=400) | st.text(alphabet='",\n\r\t甲乙[]{}:1', max_size=200).map(str.encode),
)
def test_whatever_the_bytes_the_file_is_read_or_refused(tmp_path, head, tail):
    try:
        read(put(tmp_path, head + tail))
    except FileRefused as refusal:
        assert refusal.detail
