"""Codes and numbers: vectors, nasty inputs (QUALITY §2 items 1–7, 9), mutations, real files, a second validator."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from credit import identifiers as ids
from credit.errors import InvalidCode, NumberInAddress
from credit.identifier_tables import CODE_ALPHABET, CODE_WEIGHTS, ORG_ALPHABET, ORG_CHECKS, ORG_WEIGHTS
from models.terms import SubjectKind

SHARED = Path(__file__).parents[3] / "shared"
TODAY = date(2026, 6, 1)

SOUND_CODES = {
    "91110000600037341L": SubjectKind.enterprise,
    "91310106MA1FY0T61W": SubjectKind.enterprise,
    "91310106MA7XK0Q20E": SubjectKind.enterprise,
    "91110101MA01A2B32B": SubjectKind.enterprise,
    "9111010870000001XH": SubjectKind.enterprise,
    "9131010813245678XQ": SubjectKind.enterprise,
    "91310000607209011M": SubjectKind.enterprise,
    "92310106MA1K0A1B08": SubjectKind.individual_business,
    "52310106MJ4780015M": SubjectKind.organisation,
    "11310106002450013P": SubjectKind.government,
    "54310106MF0000013A": SubjectKind.organisation,
    "N2310106MF1000015B": SubjectKind.organisation,
}
SOUND_NUMBERS = [
    "11010519491231002X",
    "440524188001010014",
    "810000199408230021",
    "830000199201300022",
    "931840198501011235",
]
SOUND_REG_NOS = ["110108000000016", "310106000000018", "310106400000017", "310106600000011"]

# A failing test must not print a number: it is named by its place in the list.
number_cases = pytest.mark.parametrize("number", SOUND_NUMBERS, ids=range(len(SOUND_NUMBERS)))


def _code_check(body: str) -> str:
    return CODE_ALPHABET[-sum(CODE_ALPHABET.index(c) * w for c, w in zip(body, CODE_WEIGHTS, strict=False)) % 31]


def _org_check(body: str) -> str:
    return ORG_CHECKS[sum(ORG_ALPHABET.index(c) * w for c, w in zip(body, ORG_WEIGHTS, strict=True)) % 11]


@st.composite
def sound_codes(draw: st.DrawFn, pairs: tuple[str, ...] = ("91", "93", "52", "11", "N2", "A1")) -> str:
    body = draw(st.text(CODE_ALPHABET, min_size=8, max_size=8))
    start = draw(st.sampled_from(pairs)) + "310106" + body + _org_check(body)
    return start + _code_check(start)


@pytest.mark.parametrize(("code", "kind"), SOUND_CODES.items())
def test_sound_codes_pass_and_tell_their_kind(code: str, kind: SubjectKind) -> None:
    assert ids.code_fault(code) is None
    assert ids.parse_code(code) == code
    assert ids.kind_of_code(code) is kind
    assert ids.code_warnings(code) == ()
    assert not ids.looks_like_number(code)


@pytest.mark.parametrize("code", SOUND_CODES)
def test_every_wrong_check_character_is_found(code: str) -> None:
    faults = {ids.code_fault(code[:17] + last) for last in CODE_ALPHABET if last != code[17]}
    assert faults == {"CHECKSUM"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "MISSING"),
        ("无", "MISSING"),
        ("NULL", "MISSING"),
        ("00000000000000000X", "FILLER"),
        ("0" * 18, "FILLER"),
        ("1" * 18, "FILLER"),
        ("91310106MA1FY0T61", "FORMAT"),
        ("91310106MA1FY0T61WW", "FORMAT"),
        *[("91310106MA1FY" + letter + "T61W", "FORMAT") for letter in "IOSVZ"],
        ("91310106M\u04101FY0T61W", "FORMAT"),
        ("91310106MA1FY0T61W\n", "FORMAT"),
        ("９1310106MA1FY0T61W", "FORMAT"),
        ("91310106MA1FY0T61w", "FORMAT"),
        ("91310106MA1FY0T61\x00", "FORMAT"),
        ("91310106MA1FY0T61\ud800", "FORMAT"),
        ("1.10105E+17", "ID_AS_NUMBER"),
        ("9.1310106E+17", "ID_AS_NUMBER"),
        ("440524188001010014", "IDENTITY_NUMBER"),
        ("440524188001010013", "IDENTITY_NUMBER"),
        ("440524************", "IDENTITY_NUMBER"),
        ("北京某某公司", "FORMAT"),
    ],
)
def test_faults_of_codes(text: str, fault: str) -> None:
    assert ids.code_fault(text) == fault
    assert text == "" or text not in ids.explain(fault)


@pytest.mark.parametrize(
    "typed",
    [
        "91310106ma1fy0t61w",
        " 91310106MA1FY0T61W\n",
        "９１３１０１０６ＭＡ１ＦＹ０Ｔ６１Ｗ",
        "91310106-MA1FY0T61-W",
        "\ufeff91310106\u200bMA1FY0T61W\u00a0",
        "9131 0106 MA1F Y0T6 1W",
        "91310106\u2013MA1FY0T6\uff0d1W",
        "\u202e91310106MA1FY0T61W\u202c",
    ],
)
def test_typed_codes_are_normalised(typed: str) -> None:
    assert ids.parse_code(typed) == "91310106MA1FY0T61W"
    assert ids.normalise(typed) != typed


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = ids.normalise(text)
    assert ids.normalise(once) == once


def test_a_letter_for_a_digit_is_hinted_never_corrected() -> None:
    assert ids.normalise("91310106MA1FYOT61W") == "91310106MA1FYOT61W"
    with pytest.raises(InvalidCode) as caught:
        ids.parse_code("91310106MA1FYOT61W")
    assert caught.value.facts == {"fault": "FORMAT", "hint": "91310106MA1FY0T61W"}
    with pytest.raises(InvalidCode) as caught:
        ids.parse_code("91310106M\u04101FY0T61W")
    assert caught.value.facts["hint"] == "91310106MA1FY0T61W"
    with pytest.raises(InvalidCode) as caught:
        ids.parse_code("91310106MA1FY0T61X")
    assert caught.value.facts == {"fault": "CHECKSUM"}


@pytest.mark.parametrize("text", ["A" * 201, "９" * 10_000, "\u202e" * 5_000])
def test_endless_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidCode):
        ids.parse_code(text)


@pytest.mark.parametrize(
    "typed",
    [
        "440524188001010014",
        "４４０５２４１８８００１０１００１４",
        "440524 18800101 0014",
        "440524188001010015",
        "440524800101001",
        "440524188001******",
        "1101**************",
        "ABC440580010112",
        "44052418800101001401",
        "44052480010100102",
        "440524************N0",
    ],
    ids=range(11),
)
def test_a_number_in_place_of_a_code_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(NumberInAddress) as caught:
        ids.parse_code(typed)
    said = f"{caught.value} {caught.value.facts}"
    assert not any(character.isdigit() for character in said)


def test_organisation_code_inside_counts_except_for_sole_traders() -> None:
    body = "310106MA1K0A1B9"
    wrong_org, wrong_org_sole = ("91" + body, "92" + body)
    assert ids.code_fault(wrong_org + _code_check(wrong_org)) == "ORG_CHECKSUM"
    sole = wrong_org_sole + _code_check(wrong_org_sole)
    assert ids.code_fault(sole) is None
    assert ids.code_warnings(sole) == ("ORG_CHECKSUM",)


def test_unknown_kind_and_region_are_warnings() -> None:
    start = "E7" + "019999" + "MA1FY0T6" + _org_check("MA1FY0T6")
    code = start + _code_check(start)
    assert ids.code_fault(code) is None
    assert ids.code_warnings(code) == ("KIND_UNKNOWN", "REGION_UNKNOWN")
    assert ids.kind_of_code(code) is SubjectKind.organisation


def test_a_text_that_is_both_code_and_number_is_taken_for_a_number() -> None:
    both = _both_code_and_number()
    assert ids.number_fault(both, TODAY) is None
    assert ids.code_fault(both) == "IDENTITY_NUMBER"
    assert ids.looks_like_number(both)


def _both_code_and_number() -> str:
    for serial in range(1000):
        for day in range(101, 129):
            start = f"5111011880{day:04}{serial:03}"
            number = start + "10X98765432"[sum(int(c) * w for c, w in zip(start, _NUMBER_WEIGHTS, strict=True)) % 11]
            if _code_check(number[:17]) == number[17] and _org_check(number[8:16]) == number[16]:
                return number
    raise AssertionError("no such text")


_NUMBER_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@given(sound_codes())
def test_generated_codes_are_sound(code: str) -> None:
    assert ids.code_fault(code) is None
    assert ids.normalise(code) == code


@given(sound_codes(), st.integers(0, 17), st.sampled_from(CODE_ALPHABET))
def test_every_single_substitution_is_found(code: str, place: int, character: str) -> None:
    assume(code[place] != character)
    assert ids.code_fault(code[:place] + character + code[place + 1 :]) is not None


@given(sound_codes(), st.integers(0, 16))
def test_every_adjacent_transposition_is_found(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert ids.code_fault(swapped) is not None


@given(st.text(max_size=40))
def test_no_text_breaks_a_check(text: str) -> None:
    for fault_of in ids.FAULT_FUNCTIONS.values():
        fault = fault_of(text)
        assert fault is None or ids.explain(fault)
    ids.number_fault(text, TODAY)
    ids.looks_like_number(text)
    ids.scrub(text)


@number_cases
def test_sound_numbers_pass(number: str) -> None:
    assert ids.number_fault(number, TODAY) is None
    assert ids.parse_number(f" {number[:6]}-{number[6:].lower()}\n", TODAY) == number
    assert ids.looks_like_number(number)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("440524190002290014", "BIRTH_DATE"),
        ("440524188013010014", "BIRTH_DATE"),
        ("440524188002300014", "BIRTH_DATE"),
        ("440524170001010014", "BIRTH_DATE"),
        ("440524209901010014", "FUTURE_BIRTH"),
        ("440524188001010015", "CHECKSUM"),
        ("990524188001010014", "REGION"),
        ("200524188001010014", "REGION"),
        ("440524800101001", "OLD_NUMBER"),
        ("44052418800101001", "FORMAT"),
        ("44052418800101001x", "FORMAT"),
        ("440524188001010014\n", "FORMAT"),
        ("４40524188001010014", "FORMAT"),
        ("1.10105E+17", "ID_AS_NUMBER"),
        ("", "MISSING"),
        ("1" * 18, "BIRTH_DATE"),
    ],
    ids=range(16),
)
def test_faults_of_numbers(number: str, fault: str) -> None:
    assert ids.number_fault(number, TODAY) == fault


def test_a_refused_number_is_not_repeated() -> None:
    with pytest.raises(InvalidCode) as caught:
        ids.parse_number("440524188001010015", TODAY)
    assert caught.value.facts == {"fault": "CHECKSUM"}
    assert not any(character.isdigit() for character in str(caught.value))


def test_a_birth_is_in_the_future_by_the_day_given() -> None:
    assert ids.number_fault("810000199408230021", date(1994, 8, 22)) == "FUTURE_BIRTH"
    assert ids.number_fault("810000199408230021", date(1994, 8, 23)) is None


def test_old_numbers_are_upgraded() -> None:
    assert ids.upgrade_number("310106800101001") == "31010619800101001X"
    assert ids.parse_number("310106800101001", TODAY) == "31010619800101001X"
    assert ids.upgrade_number("310106800101998")[6:10] == "1880"
    for wrong in ("310106801301001", "990106800101001", "31010680010100", "110108000000016"):
        with pytest.raises(ValueError, match="not a fifteen") as caught:
            ids.upgrade_number(wrong)
        assert wrong not in str(caught.value)


def test_the_old_foreigners_card_passes_by_its_birth_date() -> None:
    assert ids.number_fault("ABC440580010112", TODAY) is None
    assert ids.number_fault("ABC440580130112", TODAY) == "BIRTH_DATE"


@given(st.sampled_from(SOUND_NUMBERS), st.integers(0, 16), st.sampled_from("0123456789"))
def test_every_substituted_digit_of_a_number_is_found(number: str, place: int, digit: str) -> None:
    assume(number[place] != digit)
    assert ids.number_fault(number[:place] + digit + number[place + 1 :], TODAY) is not None


@given(st.sampled_from(SOUND_NUMBERS), st.integers(0, 15))
def test_every_transposition_in_a_number_is_found(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    assert ids.number_fault(number[:place] + number[place + 1] + number[place] + number[place + 2 :], TODAY) is not None


@pytest.mark.parametrize("text", SOUND_REG_NOS)
def test_registration_numbers(text: str) -> None:
    assert ids.reg_no_fault(text) is None
    assert not ids.looks_like_number(text)
    wrong = text[:14] + str((int(text[14]) + 1) % 10)
    assert ids.reg_no_fault(wrong) == "CHECKSUM"
    assert ids.reg_no_fault(text + "\n") == "FORMAT"


def test_a_tax_number_of_an_organisation_is_not_a_citizen_number() -> None:
    with_date_like_body = "110101" + "80010100" + _org_check("80010100")
    assert not ids.looks_like_number(with_date_like_body)
    assert ids.looks_like_number(with_date_like_body[:14] + ("1" if with_date_like_body[14] != "1" else "2"))


def test_odd_registration_numbers() -> None:
    assert ids.reg_no_fault("1101081234567") is None
    assert ids.reg_no_fault("0" * 15) == "FILLER"
    assert ids.reg_no_fault("") == "MISSING"
    assert ids.reg_no_fault("440524188001010014") == "IDENTITY_NUMBER"
    assert ids.reg_no_fault("440524800101001") == "IDENTITY_NUMBER"
    assert ids.reg_no_fault("１10108000000016") == "FORMAT"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("MA1FY0T61", None),
        ("70000001X", None),
        ("MA1FY0T62", "CHECKSUM"),
        ("MA1FY0T6", "FORMAT"),
        ("000000000", "FILLER"),
    ],
)
def test_organisation_codes(text: str, fault: str | None) -> None:
    assert ids.org_code_fault(text) == fault
    assert ids.org_code_fault(ids.normalise(text[:8] + "-" + text[8:])) == fault


@pytest.mark.parametrize("scheme", ["code", "number", "reg_no", "org_code"])
def test_every_fault_is_explained_in_chinese(scheme: str) -> None:
    for fault in ("MISSING", "FILLER", "FORMAT", "CHECKSUM", "ID_AS_NUMBER", "IDENTITY_NUMBER", "ORG_CHECKSUM", "?"):
        assert any("\u4e00" <= character <= "\u9fff" for character in ids.explain(fault, scheme))


def _vectors() -> list[dict[str, str]]:
    path = SHARED / "reference" / "identifier_vectors.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# Regions that did not exist at birth: we do not require a current district (DOMAIN §1.3).
EXPLAINED = {"invalid_strict": "region", "strict mode (address code must exist at birth date)": "region"}


def test_published_vectors() -> None:
    vectors = _vectors()
    if not vectors:
        pytest.skip("../shared/reference is absent")
    wrong = []
    for place, row in enumerate(vectors):
        text = ids.normalise(row["value"])
        fault = ids.code_fault(text) if row["kind"] == "uscc" else ids.number_fault(text, TODAY)
        if row["expected"] in EXPLAINED or row["note"] in EXPLAINED:
            continue
        if (fault is None) != row["expected"].startswith("valid"):
            wrong.append((place, row["kind"], row["expected"], fault))
    assert wrong == []
    assert len(vectors) > 100


def _registry_codes() -> Iterator[str]:
    for path in sorted((SHARED / "data" / "registry").glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield ids.normalise(row["统一社会信用代码"])


def _why_they_differ(code: str) -> str | None:
    """The category that explains a disagreement with python-stdnum, None where nothing does."""
    if not code[:8].isdigit():
        return "letters in the first eight"
    body = code[8:16]
    if ids.code_fault(code) == "ORG_CHECKSUM" and _org_check(body) != code[16]:
        return "organisation code inside"
    if ids.code_fault(code) == "IDENTITY_NUMBER":
        return "is a citizen number too"
    return "filler" if ids.code_fault(code) == "FILLER" else None


def test_every_disagreement_with_another_validator_is_explained() -> None:
    uscc = pytest.importorskip("stdnum.cn.uscc")
    codes = set(_registry_codes())
    if not codes:
        pytest.skip("../shared/data/registry is absent")
    differing = [code for code in codes if uscc.is_valid(code) != (ids.code_fault(code) is None)]
    categories = Counter(map(_why_they_differ, differing))
    assert None not in categories
    assert len(codes) > 10_000
    assert sum(ids.code_fault(code) is None for code in codes) == len(codes)


@pytest.mark.parametrize(
    ("code", "category"), [("N2310106MF1000015B", "letters in the first eight"), ("0" * 18, "filler")]
)
def test_known_disagreements_with_another_validator(code: str, category: str) -> None:
    uscc = pytest.importorskip("stdnum.cn.uscc")
    assert uscc.is_valid(code) != (ids.code_fault(code) is None)
    assert _why_they_differ(code) == category
