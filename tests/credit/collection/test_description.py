"""Descriptions: read, refused with all that is wrong, held against the catalogue."""

import copy

import pytest

from credit.catalogue import load_catalogue
from credit.collection.description import (
    check_description,
    clean_header,
    load_descriptions,
    match_description,
    read_description,
)
from credit.errors import DescriptionInvalid, ForbiddenAttribute, OutsideCatalogue

GOOD = {
    "name": "penalties",
    "title": "行政处罚",
    "department": "市场监督管理局",
    "carrier": "files",
    "item": "penalty",
    "files": {"glob": "penalties*.csv"},
    "columns": [
        {"column": "名称", "means": "name"},
        {"column": "代码", "means": "uscc"},
        {"column": "文号", "means": "doc_no"},
        {"column": "日期", "means": "decision_date"},
        {"column": "机关", "means": "authority"},
    ],
}


def changed(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def with_column(**column):
    content = copy.deepcopy(GOOD)
    content["columns"].append(column)
    return content


def test_every_description_of_the_house_fits_the_catalogue():
    catalogue = load_catalogue()
    descriptions = load_descriptions()
    assert len(descriptions) >= 12
    for description in descriptions:
        check_description(description, catalogue)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (changed(carrier="pigeon", delivery="sometimes"), ("carrier", "delivery")),
        (changed(colour="red"), ("colour",)),
        (changed(name="", title=""), ("name", "title")),
        (changed(carrier="rest"), ("rest",)),
        (changed(files={"encoding": "gbk"}), ("gb18030",)),
        (changed(files={"shape": "round"}), ("shape",)),
        (changed(subject_kind="robot"), ("robot",)),
        (with_column(column="x", means="shoe_size"), ("shoe_size",)),
        (with_column(column="x", means="fine", unit="两"), ("单位",)),
        (with_column(column="x", means="fine", format="upside_down"), ("upside_down",)),
        (with_column(means="fine"), ("column 或 index",)),
    ],
)
def test_what_is_wrong_is_all_said(content, words):
    with pytest.raises(DescriptionInvalid) as caught:
        read_description(content)
    for word in words:
        assert word in caught.value.detail
    assert caught.value.faults


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (changed(item="weather"), OutsideCatalogue),
        (with_column(column="等级", means="grade"), OutsideCatalogue),
        (changed(constants={"grade": "A"}), OutsideCatalogue),
        (with_column(column="宗教信仰", means="remark"), ForbiddenAttribute),
        (with_column(column="存款", means="remark"), ForbiddenAttribute),
        (changed(columns=GOOD["columns"][:4]), DescriptionInvalid),
        (changed(columns=GOOD["columns"][2:]), DescriptionInvalid),
        (changed(natural_key=["doc_no"]), DescriptionInvalid),
        (changed(list_code="tax-serious"), DescriptionInvalid),
        (changed(item="listing", list_code="people-i-dislike"), DescriptionInvalid),
        (changed(files={"header_row": None}), DescriptionInvalid),
    ],
)
def test_what_the_catalogue_does_not_allow(content, error):
    with pytest.raises(error):
        check_description(read_description(content), load_catalogue())


def test_a_file_belongs_to_one_source():
    one, two = read_description(GOOD), read_description(changed(name="other", files={"glob": ["pen*"]}))
    assert match_description([one], "/inbox/penalties 2026.csv") is one
    assert match_description([one], "C:\\x\\penalties.csv") is one
    assert match_description([one], "licences.csv") is None
    with pytest.raises(DescriptionInvalid):
        match_description([one, two], "penalties.csv")


@pytest.mark.parametrize(
    ("header", "clean"),
    [("罚款金额\n（万元）", "罚款金额(万元)"), ("\ufeff 名\u200b称 ", "名称"), ("Unnamed: 3", ""), ("Ａ列", "A列")],
)
def test_headers_are_compared_clean(header, clean):
    assert clean_header(header) == clean
