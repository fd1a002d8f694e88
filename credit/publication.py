"""Terms of a record (信息时限): decided once, when a record or event arrives, by pure rules over a dated rule pack.

How an end is meant: every ``until`` is the **last day** on which it still holds, None means without end. What is never
published has ``publish_from`` None and a ``publish_until`` before its first day, so that any comparison says no.

Choices, each the kinder of two readings. 轻微 is not published at all. A row decided under an older regime and known
under a newer one is published for the shorter of both terms. The deciding body's own limit only narrows. Ending
publication is not repair: sharing, use and query go on until five years after the end of the act (上海条例 Art. 35).
"""

import calendar
import functools
from datetime import date, timedelta
from typing import Final, NamedTuple

from credit.rulepacks import Regime, RulePack, load_rule_pack
from models.terms import Severity, Tone

__all__ = [
    "PUBLICATION_RULES",
    "RulePack",
    "Terms",
    "classify_severity",
    "decide_terms",
    "last_day_of_term",
    "load_rule_pack",
]

PUBLICATION_RULES: Final = frozenset({"standing", "until_end", "severity", "listing", "none"})
NO_END_FROM: Final = date(2090, 1, 1)
"""Departments write 2099-12-31 for 'no end'; such days mean None."""

_ONE_DAY: Final = timedelta(days=1)


class Terms(NamedTuple):
    """From and until when a record may be published, shared, used in decisions, and queried; and by which rule."""

    publish_from: date | None
    publish_until: date | None
    share_until: date | None
    use_until: date | None
    query_until: date | None
    rule_id: str


def last_day_of_term(first_day: date, months: int) -> date:
    """The last day of a term of months that includes its first day (2026-04-01 and 12 months: 2027-03-31).

    Where the last month has no such day, its last day ends the term (2024-02-29 and 12 months: 2025-02-28).
    """
    year, month = divmod(first_day.year * 12 + first_day.month - 1 + months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    if first_day.day > days:
        return date(year, month + 1, days)
    return date(year, month + 1, first_day.day) - _ONE_DAY


@functools.lru_cache(maxsize=65536)
def decide_terms(
    rule: str,
    tone: Tone,
    severity: Severity | None,
    held_from: date | None,
    held_until: date | None,
    publish_limit: date | None,
    known_on: date,
    pack: RulePack,
    ended_on: date | None = None,
) -> Terms:
    """The terms of one record.

    ``rule`` is the catalogue item's: standing (while it stands), until_end (to its own last day), listing (to its
    end), severity (adverse, by class), none (never published). ``held_from`` is the day of decision,
    ``held_until`` its own last day, ``publish_limit`` the last day the deciding body allows, ``known_on`` the day this
    platform knew, ``ended_on`` the day the act itself ended where known. Raises ValueError for a rule it does not know.
    """
    if rule not in PUBLICATION_RULES:
        raise ValueError(f"unknown publication rule {rule!r}")
    held_until = None if held_until is not None and held_until >= NO_END_FROM else held_until
    query_until = None
    if tone is Tone.adverse:
        query_until = _query_until(rule, held_from, held_until, ended_on, known_on, pack)
    name, publish_until, published = _publication(rule, tone, severity, held_from, held_until, known_on, pack)
    first_day = held_from or known_on
    rule_id = f"{pack.id}/{name}"
    if not published:
        return Terms(None, first_day - _ONE_DAY, query_until, query_until, query_until, rule_id)
    ends = [day for day in (publish_until, publish_limit, query_until) if day is not None]
    return Terms(first_day, min(ends, default=None), query_until, query_until, query_until, rule_id)


def _publication(
    rule: str,
    tone: Tone,
    severity: Severity | None,
    held_from: date | None,
    held_until: date | None,
    known_on: date,
    pack: RulePack,
) -> tuple[str, date | None, bool]:
    """Name of the rule applied, last day by it, and whether it publishes at all."""
    if rule == "none":
        return "none", None, False
    if rule == "severity" and tone is Tone.adverse:
        return _by_severity(severity or pack.unclassified, held_from, known_on, pack)
    return (rule if rule != "severity" else "until_end"), (None if rule == "standing" else held_until), True


def _by_severity(
    severity: Severity, held_from: date | None, known_on: date, pack: RulePack
) -> tuple[str, date | None, bool]:
    if held_from is None:
        return f"undated/{severity}", None, False
    regimes = _regimes_for(held_from, known_on, pack)
    name = f"{'-'.join(regime.id for regime in regimes)}/{severity}"
    months = min(regime.months[severity] for regime in regimes)
    return name, last_day_of_term(held_from, months), months > 0


def _regimes_for(held_from: date, known_on: date, pack: RulePack) -> tuple[Regime, ...]:
    decided, known = pack.regime_on(held_from), pack.regime_on(max(known_on, held_from))
    return (decided,) if decided is known else (decided, known)


def _query_until(
    rule: str,
    held_from: date | None,
    held_until: date | None,
    ended_on: date | None,
    known_on: date,
    pack: RulePack,
) -> date | None:
    """Five years from the end of the act; an act that goes on (a listing without a term) has no end yet."""
    if rule == "listing":
        ended = ended_on or held_until
    elif rule == "severity":
        ended = ended_on or held_from or known_on
    else:
        ended = ended_on or held_until or held_from or known_on
    return None if ended is None else last_day_of_term(ended, pack.query_years * 12)


def classify_severity(
    penalty_kind: str,
    fine_fen: int | None,
    confiscated_fen: int | None,
    content: str,
    simple_procedure: bool,
    pack: RulePack,
    decision_day: date | None,
    sector: str = "default",
) -> Severity:
    """轻微, 一般 or 严重 of a penalty that came without its class; the pack says by which words and amounts.

    Simple procedure (简易程序) is minor whatever else it says. The kind of penalty decides; the content is read only
    where the kind names none (a text may threaten what was not imposed). Amounts in fen. A penalty that shows nothing
    has the pack's unclassified class. One set of classes serves all days so far; ``decision_day`` is for the next one.
    """
    told = _told(penalty_kind, pack)
    if simple_procedure or "simple_words" in told:
        return Severity.minor
    if not told:
        told = _told.__wrapped__(content, pack) - {"simple_words"}
    limits = pack.fines.get(sector) or pack.fines["default"]
    fine = fine_fen or 0
    if "serious_words" in told or fine >= limits.huge:
        return Severity.serious
    if "general_words" in told or (confiscated_fen or 0) > 0 or fine >= limits.large:
        return Severity.general
    if fine > 0 or "minor_words" in told:
        return Severity.minor
    return pack.unclassified


@functools.lru_cache(maxsize=1024)
def _told(text: str, pack: RulePack) -> frozenset[str]:
    """The groups of words of the pack that a text names. Kinds of penalty repeat, so they are remembered."""
    return frozenset(group for group, pattern in pack.words.items() if pattern.search(text))
