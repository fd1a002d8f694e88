"""Dates, amounts, years and nothing, in the spellings met in real files."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.collection.amounts_in_words import find_fine, read_amount_in_words, read_number_in_words
from credit.collection.currencies import currency_of
from credit.collection.faults import Unreadable
from credit.collection.values import clean_text, is_null, read_amount, read_date, read_year

GOOD_DATES = [
    ("2019.12.25", (2019, 12, 25)), ("2024/1/5", (2024, 1, 5)), ("2024-01-05", (2024, 1, 5)),
    ("2024年3月5日", (2024, 3, 5)), ("2024 年 3 月 5 日", (2024, 3, 5)), ("20240105", (2024, 1, 5)),
    ("20250223 00:00:00.000", (2025, 2, 23)), ("2013-12-27 00:00:00.00", (2013, 12, 27)),
    ("2024-12-31T23:59:60", (2024, 12, 31)), ("45302", (2024, 1, 11)), ("45302.5", (2024, 1, 11)),
    ("２０２４－０１－０２", (2024, 1, 2)), ("二〇二一年三月十五日", (2021, 3, 15)), ("20/3/2025 14:32:36", (2025, 3, 20)),
    ("5/5/2021", (2021, 5, 5)), ("2024-02-29", (2024, 2, 29)), ("2099-12-31", (2099, 12, 31)),
    ("2024-01-01T16:30:00Z", (2024, 1, 2)), ("2024-01-02T00:10:00+08:00", (2024, 1, 2)), (" 2024-01-02\u200b\n", (2024, 1, 2)),
]  # fmt: skip
BAD_DATES = [
    ("2024-02-30", "DATE_IMPOSSIBLE"), ("2023-02-29", "DATE_IMPOSSIBLE"), ("1900/1/0", "DATE_IMPOSSIBLE"),
    ("1900/1/0 0:00:00", "DATE_IMPOSSIBLE"), ("1900-01-01", "DATE_IMPOSSIBLE"), ("2023/13/01", "DATE_IMPOSSIBLE"),
    ("2024-02-29 24:00", "DATE_IMPOSSIBLE"), ("2024-W09-4", "DATE_FORMAT"), ("昨天", "DATE_FORMAT"), ("99", "DATE_FORMAT"),
    ("2021", "DATE_INCOMPLETE"), ("2021年3月", "DATE_INCOMPLETE"), ("二〇二三年", "DATE_INCOMPLETE"),
    ("3/4/2021", "DATE_AMBIGUOUS"), ("9999999", "DATE_FORMAT"), ("2024-01-01; DROP", "DATE_FORMAT"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), GOOD_DATES)
def test_dates_that_can_be_read(text, parts):
    assert read_date(text) == date(*parts)


@pytest.mark.parametrize(("text", "code"), BAD_DATES)
def test_dates_that_are_refused(text, code):
    with pytest.raises(Unreadable) as caught:
        read_date(text)
    assert caught.value.code == code
    assert text not in str(caught.value)


def test_order_of_day_and_month_comes_from_the_description():
    assert read_date("3/4/2021", day_first=True) == date(2021, 4, 3)
    assert read_date("3/4/2021", day_first=False) == date(2021, 3, 4)


def test_excel_epochs_differ_by_1462_days():
    assert (read_date("40000", epoch_1904=True) - read_date("40000")).days == 1462


@given(st.dates(date(1901, 1, 1), date(2200, 12, 31)))
def test_every_day_survives_each_style(day):
    styles = (
        "{0.year}-{0.month}-{0.day}",
        "{0.year}/{0.month:02}/{0.day:02} 0:00",
        "{0.year}年{0.month}月{0.day}日",
        "{0:%Y%m%d}",
    )
    assert {read_date(style.format(day)) for style in styles} == {day}


@pytest.mark.parametrize(
    ("text", "unit", "fen"),
    [
        ("2000", 1, 200_000), ("2,000.00", 1, 200_000), ("￥2000元", 1, 200_000), ("0.2", 10_000, 200_000),
        ("11.876936", 10_000, 11_876_936), ("1,000(万元人民币)", 1, 1_000_000_000), ("48万人民币", 1, 48_000_000),
        ("38万人民币元", 1, 38_000_000), ("850（万元）", 1, 850_000_000), ("5000元", 10_000, 500_000), ("-5", 1, -500),
        ("叁仟元整", 10_000, 300_000), ("壹万贰仟叁佰元零伍分", 1, 1_230_005), ("１００", 1, 10_000), ("0.1", 1, 10),
        ("1.15", 1, 115), ("4.35", 10_000, 4_350_000),
    ],
)  # fmt: skip
def test_amounts_become_fen(text, unit, fen):
    assert read_amount(text, unit) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100(万美元)", "AMOUNT_FOREIGN"), ("12,34", "AMOUNT_FORMAT"), ("1E5", "AMOUNT_FORMAT"), ("约三千", "AMOUNT_FORMAT"),
        ("NaN", "AMOUNT_FORMAT"), ("Infinity", "AMOUNT_FORMAT"), ("999999999999999亿", "AMOUNT_TOO_LARGE"),
    ],
)  # fmt: skip
def test_amounts_that_are_refused(text, code):
    with pytest.raises(Unreadable) as caught:
        read_amount(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("100(万美元)", "USD"), ("5万港元", "HKD"), ("usd 30", "USD"),
        ("ＵＳＤ30", "USD"), ("3000新台币", "TWD"), ("5瑞士法郎", "CHF"),
        ("HK$5", "HKD"), ("$5", "XXX"), ("￥5", None), ("5万元", None), ("伍仟元整", None), ("约三千", None),
    ],
)  # fmt: skip
def test_foreign_currencies_are_named_and_never_converted(text, currency):
    assert currency_of(text) == currency
    if currency:
        with pytest.raises(Unreadable, match="AMOUNT_FOREIGN"):
            read_amount(text)


@given(st.integers(0, 10**13))
def test_fen_survive_two_decimals(fen):
    assert read_amount(str(Decimal(fen) / 100)) == fen
    assert read_amount(f"{fen // 100:,}.{fen % 100:02}元") == fen


DIGITS, UNITS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟")


def in_words(number: int) -> str:
    """A plain speller of 1 to 99,999,999, the other way round than the reader."""

    def section(value: int) -> str:
        text = ""
        for place in (3, 2, 1, 0):
            digit = value // 10**place % 10
            if digit:
                text += DIGITS[digit] + UNITS[place]
            elif text and value % 10**place and not text.endswith("零"):
                text += "零"
        return text

    high, low = divmod(number, 10_000)
    if not high:
        return section(low)
    return section(high) + "万" + (("零" if low and low < 1000 else "") + section(low) if low else "")


@given(st.integers(1, 99_999_999))
def test_numbers_in_words(number):
    assert read_number_in_words(in_words(number)) == number
    assert read_amount_in_words(f"人民币{in_words(number)}元整") == number * 100


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("罚款2000元", 200_000), ("处罚款人民币拾伍万元整", 15_000_000), ("责令十日内改正，处五千元罚款。", 500_000),
        ("处9999.99元罚款的行政处罚", 999_999), ("1.警告；2.罚款人民币500元。", 50_000), ("罚款3万元", 3_000_000),
        ("罚款1000元（壹仟元整），罚款1000元", 100_000), ("没收违法所得2000元；罚款人民币贰万元。", 2_000_000),
        ("罚款1000元；罚款2000元", None), ("处5000元以上3万元以下罚款", None), ("警告。", None), ("罚款", None),
    ],
)  # fmt: skip
def test_fines_in_sentences(text, fen):
    assert find_fine(text) == fen


@pytest.mark.parametrize("text", ["", " ", "/", "-", "—", "无", "***", "null", "N/A", "不祥", "（空）", "　"])
def test_nothing(text):
    assert is_null(text)


@pytest.mark.parametrize("text", ["0", "否", "无锡某公司", "-5"])
def test_something(text):
    assert not is_null(text)


@pytest.mark.parametrize(
    "text", ["㐂", "𠮷野家", "䶮", "豈", "⼀", "葛\U000e0100飾", "艾力·买买提", "=1+1", "＝cmd", "-3"]
)
def test_rare_characters_and_formulas_are_kept_as_they_are(text):
    assert clean_text(text) == text


def test_invisible_marks_go_and_controls_are_refused():
    assert clean_text("\ufeff 甲\u202e乙\u200b公司\xa0") == "甲乙公司"
    for text in ("甲\x00乙", "甲\ud800乙"):
        with pytest.raises(Unreadable, match="TEXT_CONTROL"):
            clean_text(text)
    with pytest.raises(Unreadable, match="TEXT_TOO_LONG"):
        clean_text("长" * 20_001)


@pytest.mark.parametrize(("text", "year"), [("2018", 2018), ("2018年", 2018), ("2020.0", 2020), ("2021年度", 2021)])
def test_years(text, year):
    assert read_year(text) == year
    with pytest.raises(Unreadable):
        read_year(text + "级")
