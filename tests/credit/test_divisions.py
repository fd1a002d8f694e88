"""Divisions by their years and industries by code, and that the tables are the ones their source sheets tell of."""

import hashlib
from datetime import date
from itertools import pairwise

import pytest
import yaml

from credit.catalogue import REFERENCE
from credit.divisions import load_divisions
from credit.industries import load_industries

DIVISIONS, INDUSTRIES = load_divisions(), load_industries()


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("310108", date(2015, 6, 1), "闸北区"), ("310108", date(2016, 1, 1), None), ("310108", date(1950, 1, 1), "闸北区"),
        ("110103", date(2010, 12, 31), "崇文区"), ("110103", date(2011, 1, 1), None), ("310106", date(2026, 11, 20), "静安区"),
        ("310119", date(2000, 5, 1), None), ("310119", date(2005, 5, 1), "南汇区"), ("310151", date(2026, 1, 1), "崇明区"),
        ("120110", date(1991, 1, 1), "东郊区"), ("120110", date(1992, 1, 1), "东丽区"),
        ("130502", date(2019, 1, 1), "桥东区"), ("130502", date(2021, 1, 1), "襄都区"),
        ("110000", date(2026, 1, 1), "北京市"), ("999999", date(2026, 1, 1), None), ("", date(2026, 1, 1), None),
        ("310106x", date(2026, 1, 1), None),
    ],
)  # fmt: skip
def test_a_code_is_read_as_of_its_year(code, day, name):
    assert DIVISIONS.name_of(code, day) == name


def test_names_are_found_within_a_region_and_as_of_a_day():
    assert [one.code for one in DIVISIONS.find("静安区")] == ["310106"]
    assert [one.code for one in DIVISIONS.find("闸北区", day=date(2026, 1, 1))] == []
    assert [one.code for one in DIVISIONS.find("闸北区", day=date(2014, 1, 1))] == ["310108"]
    everywhere = DIVISIONS.find("鼓楼区")
    assert len({one.code for one in everywhere}) > 2
    assert {one.code[:2] for one in DIVISIONS.find("鼓楼区", within="32")} == {"32"}
    assert DIVISIONS.find("没有的区") == []


@pytest.mark.parametrize(
    ("code", "day", "parts"),
    [
        ("310108", date(2015, 1, 1), ("上海市", "闸北区")), ("310106", date(2026, 1, 1), ("上海市", "静安区")),
        ("130102", date(2026, 1, 1), ("河北省", "石家庄市", "长安区")), ("310000", date(2026, 1, 1), ("上海市",)),
        ("310108", date(2020, 1, 1), ("上海市",)), ("000000", date(2026, 1, 1), ()), ("３１０１０６", date(2026, 1, 1), ()),
    ],
)  # fmt: skip
def test_the_region_of_a_code(code, day, parts):
    assert DIVISIONS.region_of(code, day) == parts


def test_no_code_has_two_names_at_once_beyond_the_year_of_a_change():
    for code, names in DIVISIONS.by_code.items():
        assert len(code) == 6 and code.isdigit()
        for before, after in pairwise(names):
            assert before.until is not None and (after.since is None or before.until <= after.since), (code, names)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("A", "农、林、牧、渔业"), ("0111", "稻谷种植"), ("51", "批发业"), ("F51", "批发业"), ("f5112", "种子批发"),
        ("511", "农、林、牧、渔产品批发"), ("A5112", None), ("Z", None), ("9999", None), ("1", None), ("51120", None), ("", None),
        ("５１", None),
    ],
)  # fmt: skip
def test_industries_by_code_as_departments_write_it(code, name):
    assert INDUSTRIES.name_of(code, date(2026, 1, 1)) == name
    assert INDUSTRIES.name_of(code, date(2017, 9, 30)) is None


def test_an_industry_knows_what_it_belongs_to():
    assert INDUSTRIES.line_of("5112") == ("批发和零售业", "批发业", "农、林、牧、渔产品批发", "种子批发")
    assert INDUSTRIES.line_of("F") == ("批发和零售业",)
    assert INDUSTRIES.line_of("51") == ("批发和零售业", "批发业")
    assert INDUSTRIES.line_of("none") == ()
    assert [one.code for one in INDUSTRIES.find("种子批发")] == ["5112"]
    assert INDUSTRIES.find("没有") == []


@pytest.mark.parametrize("table", ["divisions", "industries"])
def test_the_tables_are_those_their_source_sheets_tell_of(table):
    sheet = yaml.safe_load((REFERENCE / f"{table}-source.yaml").read_text(encoding="utf-8"))
    content = (REFERENCE / sheet["file"]["name"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == sheet["file"]["sha256"]
    assert content.count(b"\n") == sheet["file"]["rows"] + 1
    assert all(len(one["sha256"]) == 64 for one in sheet["made_from"])
