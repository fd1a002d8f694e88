import pytest

from credit.errors import ReportNotVerifiable
from reports.numbers import ALPHABET, BODY, is_code_of, read_code, verification_code

SECRET = b"a secret of the district, for tests only"
CODE = verification_code("GXBG-20261120-000431", SECRET)


def test_code_is_short_and_hides_nothing_ambiguous() -> None:
    assert [len(group) for group in CODE.split("-")] == [4, 4, 4, 4, 4]
    assert set(CODE) <= {*ALPHABET, "-"}
    assert BODY * 5 >= 80


def test_code_depends_on_number_and_secret() -> None:
    others = {verification_code(f"GXBG-{n}", SECRET) for n in range(500)}
    assert len(others) == 500
    assert verification_code("GXBG-1", SECRET) != verification_code("GXBG-1", SECRET[::-1])


def test_every_single_mistyped_letter_is_noticed() -> None:
    plain = CODE.replace("-", "")
    for place, right in enumerate(plain):
        for letter in ALPHABET:
            if letter != right:
                with pytest.raises(ReportNotVerifiable):
                    read_code(plain[:place] + letter + plain[place + 1 :])


def test_exchanged_neighbours_are_noticed() -> None:
    for number in range(50):
        plain = verification_code(str(number), SECRET).replace("-", "")
        for place in range(BODY - 1):
            a, b = plain[place], plain[place + 1]
            if a != b:
                with pytest.raises(ReportNotVerifiable):
                    read_code(plain[:place] + b + a + plain[place + 2 :])


FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in CODE)
WITH_O = CODE.replace("0", "O")


@pytest.mark.parametrize(
    "typed",
    [CODE, CODE.lower(), CODE.replace("-", " "), f" {CODE} ", CODE.replace("-", "—"), WITH_O, FULL_WIDTH],
)
def test_code_is_read_as_people_type_it(typed: str) -> None:
    assert read_code(typed) == CODE
    assert is_code_of(typed, "GXBG-20261120-000431", SECRET)


@pytest.mark.parametrize("typed", ["", "A" * 19, "A" * 10_000, "U" * 20, "验证码", CODE + "\0"])
def test_what_cannot_be_a_code_is_refused(typed: str) -> None:
    with pytest.raises(ReportNotVerifiable):
        read_code(typed)


def test_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        verification_code("GXBG-1", b"short")
