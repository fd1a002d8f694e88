"""Masking for display and scrubbing of free text: nothing of a number is left that counts."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.identifier_tables import CODE_ALPHABET, CODE_WEIGHTS, ORG_ALPHABET, ORG_CHECKS, ORG_WEIGHTS
from credit.identifiers import code_fault, mask_name, mask_number, mask_phone, scrub

NUMBER = "440524188001010014"


def test_a_number_keeps_ten_and_four() -> None:
    assert mask_number(NUMBER) == "4405241880****0014"
    assert mask_number(mask_number(NUMBER)) == mask_number(NUMBER)
    assert mask_number("440524800101001") == "44052480****001"
    assert mask_number("E12345678") == "E1****78"
    assert mask_number("") == "****"


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王*"),
        ("王", "*"),
        ("", ""),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("买买提·吐尔逊", "买*"),
        ("𠮷田", "𠮷*"),
    ],
)
def test_a_name_keeps_its_surname(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_a_phone_keeps_three_and_four() -> None:
    assert mask_phone("13800001234") == "138****1234"
    assert mask_phone("62345678") == "****78"
    assert mask_phone("110") == "****"


@pytest.mark.parametrize(
    "text",
    [
        f"负责人身份证{NUMBER}，罚款",
        f"ID{NUMBER}",
        f"{NUMBER}、{NUMBER}",
        "身份证号：４４０５２４１８８００１０１００１４。",
        "440524 1880 0101 0014",
        "440524-18800101-0014",
        "44052418800101 0014",
        "440524188001010014\r\n",
        "440524188001010015",
        f"13800001234{NUMBER}",
        f"{NUMBER}13800001234",
        "旧证440524800101001号",
        "证ABC440580010112号",
        "11010519491231002x",
        "税号44052418800101001401，",
        "税号44052480010100101",
    ],
    ids=range(16),
)
def test_numbers_in_free_text_are_hidden(text: str) -> None:
    scrubbed = scrub(text)
    plain = scrubbed.translate(str.maketrans("", "", " -"))
    for part in ("0101001", "80010100", "91231002", "８００１０１"):
        assert part not in plain
    assert "*" in scrubbed
    assert scrub(scrubbed) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "91310000607209011M",
        "代码91110000600037341L、注册号110108000000016",
        "京税稽罚〔2024〕12345678901234567号",
        "罚款人民币200000元，2026-04-01至2026-12-31",
        "税号110101700000010",
        "截断的代码911101060000373",
        "账号6222029900112233445",
        "",
        "没有数字",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert scrub(text) == text


@given(st.integers(10_000_000, 99_999_999))
def test_sound_codes_with_few_letters_stay(body: int) -> None:
    start = f"52110119{body}" + ORG_CHECKS[_weigh(ORG_ALPHABET, ORG_WEIGHTS, str(body)) % 11]
    code = start + CODE_ALPHABET[-_weigh(CODE_ALPHABET, CODE_WEIGHTS, start) % 31]
    if code_fault(code) is None:
        assert scrub(f"代码{code}。") == f"代码{code}。"


def _weigh(alphabet: str, weights: Sequence[int], text: str) -> int:
    return sum(alphabet.index(character) * weight for character, weight in zip(text, weights, strict=False))


@given(st.text(alphabet="京*号，x Ab", max_size=20), st.text(alphabet="京*号，\n", max_size=20))
def test_a_number_is_found_wherever_it_stands(before: str, after: str) -> None:
    assert NUMBER not in scrub(before + NUMBER + after)


def test_endless_digits_are_scrubbed_in_passing() -> None:
    assert NUMBER not in scrub(NUMBER * 20_000)
    assert scrub("1" * 1_000_000) == "1" * 1_000_000


@given(st.text(max_size=60))
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)
