"""Names: one form for what reads the same (QUALITY §2 items 8, 10–15), bigrams that lose nothing, who reads as a person."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.names import NAME_MESSAGES, bigrams, check_name, looks_like_person, normalise_name, query_bigrams

HAN = "北京市东城区海淀科技有限责任公司㐂𠮷䶮（）()·A1 "


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("北京（东城）有限公司", "北京(东城)有限公司"),
        ("北京﹙东城﹚有限公司", "北京(东城)有限公司"),
        ("北京〔东城〕有限公司", "北京(东城)有限公司"),
        (" 北 京\u3000银行\n", "北京银行"),
        ("ａｂｃ科技", "ABC科技"),
        ("北京\u200b银行\ufeff", "北京银行"),
        ("北京\u202e银行\u2066", "北京银行"),
        ("北京\x00银行\x1b", "北京银行"),
        ("买买提•吐尔逊", "买买提·吐尔逊"),
        ("买买提‧吐尔逊", "买买提·吐尔逊"),
        ("买买提・吐尔逊", "买买提·吐尔逊"),
        ("买买提･吐尔逊", "买买提·吐尔逊"),
        ("\u2f00\u2fa6公司", "一金公司"),
        ("\uf900公司", "豈公司"),
        ("葛\U000e0100公司", "葛公司"),
        ("e\u0301cole", "ÉCOLE"),
        ("李𠮷 王㐂 张䶮", "李𠮷王㐂张䶮"),
        ("\u200b\u3000", ""),
        ("\ud800公司", "公司"),
    ],
)
def test_what_reads_the_same_is_the_same(text: str, form: str) -> None:
    assert normalise_name(text) == form


def test_what_the_register_keeps_apart_stays_apart() -> None:
    assert normalise_name("某有限责任公司") != normalise_name("某有限公司")
    assert normalise_name("王㐂") != normalise_name("王喜")
    assert normalise_name("買") != normalise_name("买")


@given(st.text(max_size=40) | st.text(HAN, max_size=20))
def test_normalising_a_name_twice_changes_nothing(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once
    assert once == "" or unicodedata.is_normalized("NFKC", once)


def test_bigrams_in_order_without_repeats() -> None:
    assert bigrams("北京北京市") == ["北", "北京", "京北", "京市"]
    assert bigrams("北") == ["北"]
    assert bigrams("") == []
    assert query_bigrams("京市") == ["京市"]
    assert query_bigrams("京") == ["京"]
    assert query_bigrams("") == []


@given(st.text(HAN, min_size=2, max_size=20), st.integers(0, 18), st.integers(2, 20))
def test_every_part_of_two_or_more_characters_is_found(name: str, start: int, length: int) -> None:
    normalised = normalise_name(name)
    part = normalised[start : start + length]
    if len(part) >= 2:
        assert set(query_bigrams(part)) <= set(bigrams(normalised))


@given(st.text(HAN, min_size=1, max_size=20))
def test_one_character_finds_names_that_begin_with_it(name: str) -> None:
    normalised = normalise_name(name)
    for character in set(normalised):
        assert (query_bigrams(character)[0] in bigrams(normalised)) == normalised.startswith(character)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("北京银行", None),
        ("李𠮷 王㐂 张䶮", None),
        ("北" * 200, None),
        ("北" * 201, "TOO_LONG"),
        ("𠮷" * 151, "TOO_LONG"),
        ("北" * 10_000_000, "TOO_LONG"),
        ("北京\x00银行", "NUL"),
        ("北京\ud800", "SURROGATE"),
        ("\udc00", "SURROGATE"),
        ("北京\u202e行银", "BIDI"),
        ("北京\u2067行银", "BIDI"),
        ("北京\x1b[31m", "CONTROL"),
        ("", "MISSING"),
        ("\u3000 ", "MISSING"),
        ("\u200b", "MISSING"),
        ("某人440524188001010014", "IDENTITY_NUMBER"),
        ("第12345678分店", None),
    ],
    ids=range(17),
)
def test_what_may_not_be_in_a_name(text: str, fault: str | None) -> None:
    assert check_name(text) == fault
    assert fault is None or NAME_MESSAGES[fault]


@pytest.mark.parametrize(
    "name",
    ["王*明", "王＊明", "孙**", "***", "欧***", "王●●", "王某", "张某某", "王某甲", "欧阳某", "欧阳修", "李𠮷", "赵大"],
)
def test_persons_are_recognised(name: str) -> None:
    assert looks_like_person(name)


@pytest.mark.parametrize("name", ["买买提·吐尔逊", "司马义•艾力"])
def test_transliterated_persons_are_recognised(name: str) -> None:
    assert looks_like_person(name)


@pytest.mark.parametrize(
    "name",
    [
        "潮牛道",
        "北京银行",
        "金碧湖畔",
        "金泉家园",
        "马家铺",
        "温泉馨苑",
        "石景山",
        "方案",
        "京某",
        "星巴克·甄选",
        "罚款",
    ],
)
def test_shops_places_and_words_are_not_persons(name: str) -> None:
    assert not looks_like_person(name)


@pytest.mark.parametrize("name", ["高店", "某公司", "北京王小明餐饮有限公司", "12*", "A*B", "", "王" * 30])
def test_firms_and_fragments_are_not_persons(name: str) -> None:
    assert not looks_like_person(name)


@given(st.text(max_size=60))
def test_no_name_breaks_anything(name: str) -> None:
    check_name(name)
    looks_like_person(name)
    bigrams(normalise_name(name))
