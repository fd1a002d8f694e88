"""The descriptions of the sample district against its files: what is sound is read, what is spoilt is turned away by name."""

import json
import re
from collections import Counter
from datetime import date

import pytest

from api.sample.district import write_district
from credit.catalogue import load_catalogue
from credit.collection.carriers.files import open_table
from credit.collection.description import SOURCES, check_description, load_description
from credit.collection.mapping import compile_mapping
from credit.rulepacks import load_rule_pack

TODAY = date(2026, 11, 20)
DESCRIPTIONS = [load_description(path) for path in sorted(SOURCES.glob("sample-*.yaml"))]
FILES = [each for each in DESCRIPTIONS if each.carrier == "files"]
EXPECTED = {
    "AMOUNT_CONTRADICTS_TEXT", "CHECKSUM", "CODE_RUINED_BY_EXCEL", "DATE_INCOMPLETE", "DATE_IMPOSSIBLE", "FORMAT", "NAME_MISSING",
    "PERSON_NOT_IDENTIFIED", "ROW_SHAPE",
}  # fmt: skip
WHOLE_NUMBER = re.compile(r"(?<!\d)\d{6}18\d{9}[\dX](?!\d)")


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue()


@pytest.fixture(scope="module")
def mapped(tmp_path_factory, catalogue):
    folder = tmp_path_factory.mktemp("sources")
    paths = write_district(folder)
    pack, results = load_rule_pack(), {}
    for description in FILES:
        (path,) = [each for each in paths if description.names_file(each.name)]
        with open_table(path, description) as table:
            item = catalogue.items[description.item]
            read = compile_mapping(description, item, catalogue, pack, TODAY, table.header)
            rows = [
                (row, page.first_row_number + place) for page in table.pages() for place, row in enumerate(page.rows)
            ]
            results[description.name] = [read(row, number) for row, number in rows]
    return paths, results


def test_every_file_belongs_to_exactly_one_source(mapped):
    paths, _ = mapped
    owners = Counter(path.name for path in paths for each in FILES if each.names_file(path.name))
    assert owners == Counter(path.name for path in paths)


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda each: each.name)
def test_descriptions_fit_the_catalogue(description, catalogue):
    assert check_description(description, catalogue).code == description.item


@pytest.mark.parametrize("name", [each.name for each in FILES])
def test_nearly_all_rows_become_drafts(mapped, name):
    results = mapped[1][name]
    drafts = sum(each.draft is not None for each in results)
    assert drafts >= len(results) * 0.9, Counter(fault.code for each in results for fault in each.faults)


def test_spoilt_rows_are_turned_away_with_the_expected_faults(mapped):
    faults = Counter(fault.code for results in mapped[1].values() for each in results for fault in each.faults)
    assert faults.keys() == EXPECTED


def test_no_citizen_number_leaves_its_place(mapped):
    leaks = 0
    for results in mapped[1].values():
        for each in results:
            kept = [json.dumps(each.draft.payload, ensure_ascii=False), *each.draft.natural_key] if each.draft else []
            leaks += bool(WHOLE_NUMBER.search("\n".join([*each.raw, *map(str, each.faults), *kept])))
            leaks += bool(each.draft and each.draft.subject.code and WHOLE_NUMBER.fullmatch(each.draft.subject.code))
    assert leaks == 0
