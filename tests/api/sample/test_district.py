import hashlib
import json
import re
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from api.sample.district import make_plan, make_sheets, story_subjects, write_district
from api.sample.publicity import PENALTY_COLUMNS
from api.sample.story import STORY
from credit.identifiers import parse_code, parse_number
from models.terms import SubjectKind

TODAY = date(2026, 11, 20)
EIGHTEEN = re.compile(r"(?<![0-9A-Z])[1-9]\d{16}[\dX](?![0-9A-Z])")
CODE_COLUMNS = {"统一社会信用代码", "行政相对人代码_1(统一社会信用代码)", "纳税人识别号"}


@pytest.fixture(scope="module")
def plan():
    return make_plan()


@pytest.fixture(scope="module")
def sheets(plan):
    return {sheet.file_name: sheet for group in make_sheets(plan).values() for sheet in group}


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    folder = tmp_path_factory.mktemp("district")
    return folder, write_district(folder, organisations=400)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_gives_same_bytes(district, tmp_path):
    folder, _ = district
    write_district(tmp_path, organisations=400)
    assert digests(tmp_path) == digests(folder)


def test_another_seed_gives_another_district(district, tmp_path):
    folder, _ = district
    write_district(tmp_path, seed=7, organisations=400)
    ours, theirs = digests(tmp_path), digests(folder)
    assert ours.keys() == theirs.keys()
    assert ours["business/registry.csv"] != theirs["business/registry.csv"]


def test_writing_twice_into_one_folder_changes_nothing(tmp_path):
    write_district(tmp_path, organisations=100)
    before = digests(tmp_path)
    write_district(tmp_path, organisations=100)
    assert digests(tmp_path) == before


def test_volumes(plan, sheets):
    assert len(plan.organisations) == 5000
    assert len(plan.people) == 300 == len({person.number for person in plan.people})
    assert 39_000 <= sum(len(sheet.rows) for sheet in sheets.values()) <= 41_000
    kinds = {kind: sum(each.kind == kind for each in plan.organisations) for kind in SubjectKind}
    assert kinds[SubjectKind.enterprise] > kinds[SubjectKind.individual_business] > kinds[SubjectKind.organisation]
    assert kinds[SubjectKind.government] > 0


def test_names_and_codes_of_organisations_are_valid_and_single(plan):
    everybody = [*plan.organisations, *STORY.values()]
    for each in everybody:
        assert parse_code(each.code) == each.code
    assert len({each.code for each in everybody}) == len(everybody)
    assert len({each.org_code for each in everybody}) == len(everybody)
    assert len({each.name for each in everybody}) == len(everybody)
    assert all("示范" in each.name for each in everybody)


def test_persons_have_valid_numbers_and_nobody_can_be_alive(plan):
    for person in plan.people:
        assert parse_number(person.number, TODAY) == person.number
        assert int(person.number[6:10]) < 1900


def test_codes_of_untouched_rows_are_valid(sheets):
    seen = 0
    for sheet in sheets.values():
        for place, column in enumerate(sheet.header):
            if column not in CODE_COLUMNS:
                continue
            for number, row in enumerate(sheet.rows):
                value = str(row[place])
                if value and len(value) == 18 and number not in sheet.untrue and not EIGHTEEN.fullmatch(value):
                    assert parse_code(value) == value, f"{sheet.file_name} row {number}"
                    seen += 1
    assert seen > 15_000


def test_no_citizen_number_anywhere_has_a_birth_year_from_1900_on(sheets):
    persons = 0
    for sheet in sheets.values():
        for number, row in enumerate(sheet.rows):
            for value in row:
                for found in re.findall(r"(?<!\d)\d{17}[\dXx]", str(value)):
                    if valid_number(found):
                        persons += 1
                        assert int(found[6:10]) < 1900, f"{sheet.file_name} row {number}"
    assert persons > 300


def valid_number(text: str) -> bool:
    try:
        parse_number(text, TODAY)
    except Exception:
        return False
    return True


def test_mess_is_there_and_stays_small(sheets):
    kinds: set[str] = set()
    for sheet in sheets.values():
        kinds |= sheet.spoiled.keys()
        assert sum(sheet.spoiled.values()) <= 0.04 * len(sheet.rows)
    assert kinds == {
        "blanks", "check-digit", "cut-short", "full-width", "impossible-day", "letter-o", "lower-case", "name-missing",
        "spreadsheet", "twice",
    }  # fmt: skip


def test_manifests_tell_digest_and_rows(district):
    _, paths = district
    assert len(paths) == 23
    for path in paths:
        manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text(encoding="utf-8"))
        assert manifest["file"] == path.name
        assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert manifest["rows"] > 0
        if path.name == "inspections.csv":  # whoever counts rows counts the two lines of its footer
            assert manifest["rows"] == path.read_bytes().decode("gb18030").count("\r\n") - 1


def test_penalties_spread_over_years_and_hold_persons(sheets):
    sheet = sheets["penalties.csv"]
    kind, number, day = (PENALTY_COLUMNS.index(name) for name in ("行政相对人类别", "证件号码", "处罚决定日期"))
    assert {row[kind] for row in sheet.rows} == {"法人及非法人组织", "自然人", "个体工商户"}
    years = {str(row[day])[:4] for row in sheet.rows}
    assert {str(year) for year in range(2020, 2027)} <= years
    persons = [row for row in sheet.rows if row[kind] == "自然人"]
    assert any(row[number] == "***" and "*" in str(row[0]) for row in persons)
    assert sum(EIGHTEEN.fullmatch(str(row[number])) is not None for row in persons) > 50


@pytest.mark.parametrize("file_name", ["licences.xlsx", "high_tech.xlsx"])
def test_spreadsheets_read_back_as_written(sheets, district, file_name):
    calamine = pytest.importorskip("python_calamine")
    _, paths = district
    path = next(each for each in paths if each.name == file_name)
    rows = calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text(encoding="utf-8"))
    sheet = sheets[file_name]
    assert tuple(rows[len(sheet.title)]) == sheet.header
    assert len(rows) == manifest["rows"] + 1 + len(sheet.title)
    assert any(isinstance(cell, date) for cell in rows[-1])


def test_rare_characters_survive_each_encoding(district):
    folder, _ = district
    name = STORY["rare"].name
    assert name in (folder / "business/registry.csv").read_text(encoding="utf-8")
    assert name in (folder / "business/penalties.csv").read_bytes().decode("gb18030")


def test_story_subjects_are_in_the_files(district):
    folder, paths = district
    texts = {path.name: path.read_bytes() for path in paths}
    story = {each.key: each for each in story_subjects()}
    assert len(story) == 14
    for key, subject in story.items():
        if key != "person":
            assert subject.code.encode() in texts["registry.csv"], key
    for key, file_name, encoding in (
        ("penalised", "penalties.csv", "gb18030"),
        ("repaired", "penalties.csv", "gb18030"),
        ("disputed", "objections.csv", "gb18030"),
        ("listed", "serious_violations.csv", "utf-8"),
        ("tax_violator", "major_tax_violators.csv", "utf-8"),
        ("debtor", "dishonest_debtors.csv", "gb18030"),
    ):
        assert story[key].document_number.encode(encoding) in texts[file_name], key
    assert STORY["renamed"].former_name.encode() in texts["registry.csv"]
    assert STORY["renamed"].name.encode() in texts["name_changes.csv"]
    assert STORY["renamed"].former_name.encode("gb18030") in texts["penalties.csv"]
    connection = sqlite3.connect(folder / "served/court.sqlite")
    found = connection.execute(
        "SELECT count(*) FROM dishonest_debtor_changes WHERE casecode = ?", (story["person"].document_number,)
    )
    assert found.fetchone() == (1,)
    connection.close()
