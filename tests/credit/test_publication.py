"""Terms and severity: the dated regimes, the kinder of two, limits that only narrow, and the pack itself."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from credit.publication import PUBLICATION_RULES, Terms, classify_severity, decide_terms, last_day_of_term
from credit.rulepacks import RULES_FOLDER, RulePackInvalid, load_rule_pack
from models.terms import Severity, Tone

PACK = load_rule_pack()
ADVERSE = Tone.adverse
DAYS = st.dates(date(2015, 1, 1), date(2030, 1, 1))


def by_severity(severity: Severity | None, held_from: date | None, known_on: date, limit: date | None = None) -> Terms:
    return decide_terms("severity", ADVERSE, severity, held_from, None, limit, known_on, PACK)


@pytest.mark.parametrize(
    ("first_day", "months", "last_day"),
    [
        (date(2026, 4, 1), 12, date(2027, 3, 31)),
        (date(2026, 4, 15), 3, date(2026, 7, 14)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 60, date(2029, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 4, 1), 0, date(2026, 3, 31)),
    ],
)
def test_last_days_of_terms(first_day: date, months: int, last_day: date) -> None:
    assert last_day_of_term(first_day, months) == last_day


@pytest.mark.parametrize(
    ("severity", "held_from", "known_on", "publish_until", "rule"),
    [
        (Severity.general, date(2026, 4, 1), date(2026, 4, 3), date(2027, 3, 31), "ndrc36/general"),
        (Severity.serious, date(2026, 4, 1), date(2026, 4, 3), date(2029, 3, 31), "ndrc36/serious"),
        (Severity.general, date(2026, 3, 31), date(2026, 3, 31), date(2029, 3, 30), "ndrc58/general"),
        (Severity.general, date(2026, 3, 31), date(2026, 4, 1), date(2027, 3, 30), "ndrc58-ndrc36/general"),
        (Severity.general, date(2022, 5, 1), date(2022, 6, 1), date(2025, 4, 30), "ndrc58/general"),
        (None, date(2026, 4, 1), date(2026, 4, 3), date(2027, 3, 31), "ndrc36/general"),
    ],
)
def test_adverse_terms_by_class_and_regime(
    severity: Severity | None, held_from: date, known_on: date, publish_until: date, rule: str
) -> None:
    terms = by_severity(severity, held_from, known_on)
    assert (terms.publish_from, terms.publish_until) == (held_from, publish_until)
    assert terms.rule_id == f"shanghai-2026/{rule}"
    assert terms.share_until == terms.use_until == terms.query_until == last_day_of_term(held_from, 60)


@given(DAYS, DAYS)
def test_minor_and_unpublished_are_published_on_no_day(held_from: date, known_on: date) -> None:
    minor = by_severity(Severity.minor, held_from, known_on)
    unpublished = decide_terms("none", ADVERSE, None, held_from, None, None, known_on, PACK)
    for terms in (minor, unpublished):
        assert terms.publish_from is None
        assert terms.publish_until is not None
        assert terms.publish_until < held_from


@given(st.sampled_from(list(Severity)), DAYS, DAYS, st.none() | DAYS)
def test_a_newer_regime_or_a_limit_only_narrows(
    severity: Severity, held_from: date, known_on: date, limit: date | None
) -> None:
    limited, early = by_severity(severity, held_from, known_on, limit), by_severity(severity, held_from, held_from)
    assert limited.publish_until is not None
    assert early.publish_until is not None
    assert limited.publish_until <= early.publish_until
    assert limit is None or limited.publish_from is None or limited.publish_until <= limit
    assert limited.query_until == early.query_until


def test_an_undated_adverse_record_is_not_published() -> None:
    terms = by_severity(Severity.serious, None, date(2026, 5, 1))
    assert terms.publish_from is None
    assert terms.query_until == date(2031, 4, 30)


def test_the_end_of_the_act_starts_the_five_years() -> None:
    terms = decide_terms(
        "severity", ADVERSE, Severity.general, date(2026, 5, 1), None, None, date(2026, 5, 2), PACK, date(2025, 1, 1)
    )
    assert terms.query_until == date(2029, 12, 31)
    assert terms.publish_until == date(2027, 4, 30)


def test_publication_never_outlives_the_query_term() -> None:
    terms = decide_terms(
        "until_end", ADVERSE, None, date(2020, 1, 1), None, None, date(2026, 5, 2), PACK, date(2020, 1, 1)
    )
    assert terms.publish_until == terms.query_until == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("rule", "tone", "held_until", "publish_until", "query_until"),
    [
        ("standing", Tone.neutral, None, None, None),
        ("standing", Tone.neutral, date(2027, 1, 1), None, None),
        ("until_end", Tone.neutral, date(2027, 1, 1), date(2027, 1, 1), None),
        ("until_end", Tone.neutral, date(2099, 12, 31), None, None),
        ("until_end", Tone.favourable, None, None, None),
        ("severity", Tone.favourable, date(2027, 1, 1), date(2027, 1, 1), None),
        ("listing", Tone.favourable, date(2027, 1, 1), date(2027, 1, 1), None),
        ("listing", ADVERSE, date(2027, 1, 1), date(2027, 1, 1), date(2031, 12, 31)),
        ("listing", ADVERSE, None, None, None),
    ],
)
def test_other_rules(
    rule: str, tone: Tone, held_until: date | None, publish_until: date | None, query_until: date | None
) -> None:
    terms = decide_terms(rule, tone, None, date(2026, 5, 1), held_until, None, date(2026, 5, 2), PACK)
    assert (terms.publish_from, terms.publish_until) == (date(2026, 5, 1), publish_until)
    assert terms.share_until == terms.use_until == terms.query_until == query_until


def test_rules_are_the_catalogues_and_others_are_refused() -> None:
    catalogue = yaml.safe_load((RULES_FOLDER.parent / "catalogue-2026-1.yaml").read_text(encoding="utf-8"))
    assert {item["publication_rule"] for item in catalogue["items"]} <= PUBLICATION_RULES
    with pytest.raises(ValueError, match="unknown"):
        decide_terms("forever", ADVERSE, None, None, None, None, date(2026, 5, 1), PACK)


@pytest.mark.parametrize(
    ("kind", "fine", "confiscated", "content", "simple", "severity"),
    [
        ("警告", None, None, "", False, Severity.minor),
        ("其他-通报批评", None, None, "", False, Severity.minor),
        ("罚款", 200_00, 0, "罚款200元", False, Severity.minor),
        ("罚款", 49_999_99, 0, "", False, Severity.minor),
        ("罚款", 50_000_00, 0, "", False, Severity.general),
        ("罚款", 1_000_000_00, 0, "", False, Severity.serious),
        ("罚款;没收违法所得、没收非法财物", 200_00, 100_00, "", False, Severity.general),
        ("罚款", 200_00, 100_00, "", False, Severity.general),
        ("责令停产停业", None, None, "", False, Severity.general),
        ("暂扣或者吊销许可证、暂扣或者吊销执照", None, None, "", False, Severity.serious),
        ("警告;限制从业", None, None, "", False, Severity.serious),
        ("罚款", 200_00, 0, "逾期不改正的，吊销许可证", False, Severity.minor),
        ("一般程序处罚", None, None, "吊销营业执照", False, Severity.serious),
        ("税务行政处罚", 200_00, None, "罚款200元", False, Severity.minor),
        ("", None, None, "", False, Severity.general),
        ("罚款", 1_000_000_00, None, "", True, Severity.minor),
        ("简易程序处罚", 100_000_00, None, "", False, Severity.minor),
    ],
)
def test_severity_of_penalties(
    kind: str, fine: int | None, confiscated: int | None, content: str, simple: bool, severity: Severity
) -> None:
    assert classify_severity(kind, fine, confiscated, content, simple, PACK, date(2026, 5, 1)) is severity


def test_a_sector_has_its_own_amounts() -> None:
    def severity(sector: str) -> Severity:
        return classify_severity("罚款", 20_000_00, 0, "", False, PACK, None, sector)

    assert severity("default") is Severity.minor
    assert severity("tax") is Severity.general
    assert severity("no such sector") is Severity.minor


@pytest.mark.parametrize(
    ("term", "days"),
    [
        ("penalty_publish", 7),
        ("objection_mark", 1),
        ("objection_own", 5),
        ("objection_forward", 2),
        ("objection_supplier", 5),
        ("annulled_delete", 3),
        ("repair_off_screen", 3),
    ],
)
def test_working_day_terms(term: str, days: int) -> None:
    assert PACK.workdays[term].days == days
    assert PACK.workdays[term].source.instrument


def test_what_was_not_read_says_so() -> None:
    unverified = set(PACK.unverified())
    assert {"regimes.ndrc58", "transition", "fines.default", "severity"} <= unverified
    assert not {"query", "workdays.objection_mark"} & unverified


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("until: 2026-03-31", "until: 2026-03-30", "不衔接"),
        ("general: {months: 12,", "general: {months: '12',", "整数"),
        ("general: {months: 12, least_months: 3}", "general: {months: 2, least_months: 3}", "最短"),
        ("    until: null", "    until: 2027-01-01", "截止日"),
        ("rule: kinder", "rule: harsher", "kinder"),
        ("unclassified: general", "unclassified: grave", "grave"),
        ("years: 5", "years: 0", "years"),
        ("id: shanghai-2026\n", "", "id"),
        ("id: shanghai-2026\n", "id: shanghai-2026\nextra: 1\n", "extra"),
        ("minor_words: [警告, 通报批评]", "minor_words: []", "词表"),
        ("large: 50000, huge: 1000000", "large: 50000, huge: 50000", "巨额"),
        ("verified: true", "verified: maybe", "verified"),
        ("before_first_regime: ndrc58", "before_first_regime: ndrc1", "ndrc1"),
        ("regimes:", "regimes: [", "YAML"),
    ],
)
def test_faulty_packs_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (RULES_FOLDER / "shanghai-2026.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "pack.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RulePackInvalid, match=said):
        load_rule_pack(path)


def test_an_absent_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RulePackInvalid):
        load_rule_pack(tmp_path / "absent.yaml")
