"""Columns that no header speaks for (无表头列): meanings proposed from values and from how columns agree. Pure.

Only what values can prove is proposed: valid codes, names with a legal form, document numbers, authorities, fines that the
text beside them names, and dates by their order in time. All of it stays below 0.9. What could as well be the day of an
update is not made the day of a decision.
"""

from collections.abc import Callable, Sequence
from datetime import date
from statistics import median
from typing import Final

from credit.collection.faults import Unreadable
from credit.collection.infer_columns import MOST_FROM_VALUES, TEXTS, ColumnView, belongs, is_authoritys_code
from credit.collection.infer_items import find_unit
from credit.collection.infer_values import kinds_of
from credit.collection.values import OPEN_ENDS, is_null, read_date

STRONG: Final = 0.8
FAIR: Final = 0.7
_MILLISECONDS: Final = ".000"


def guess_columns(views: Sequence[ColumnView], has_header: bool) -> None:
    """Propose meanings for columns without a header, or with one that says nothing known.

    Under a header only codes and names are proposed so: its unknown words may well mean something else.
    """
    silent = [view for view in views if view.reading.means is None and view.profile.filled]
    unnamed = [view for view in silent if not view.reading.plain]
    for view in silent:
        view.by_value = True
    if has_header and len(unnamed) < 0.5 * len(views):
        _guess_under_header(views, [view for view in silent if view.reading.plain])
        spoken = {means for view in views for means in view.scores}
        _guess_words(unnamed)
        for view in unnamed:
            view.scores = {means: score for means, score in view.scores.items() if means in TEXTS - spoken}
        return
    _guess_parties(unnamed)
    _guess_documents(unnamed)
    _guess_words(unnamed)
    _guess_dates(unnamed)
    _guess_amounts(unnamed)


def _give(view: ColumnView, means: str, score: float) -> None:
    view.scores[means] = min(score, MOST_FROM_VALUES)


def _guess_under_header(views: Sequence[ColumnView], silent: Sequence[ColumnView]) -> None:
    spoken = {means for view in views for means, score in view.scores.items() if score >= 0.6}
    for view in silent:
        profile = view.profile
        if "uscc" not in spoken and profile.share("code_ok") >= 0.8 and not is_authoritys_code(profile, 0.1):
            _give(view, "uscc", 0.7)
        elif "doc_no" not in spoken and profile.share("doc_no") >= 0.8 and profile.unique >= 0.5:
            _give(view, "doc_no", 0.65)
    names = [view for view in silent if view.profile.share("firm") >= 0.7 and view.profile.unique >= 0.2]
    if "name" not in spoken and len(names) == 1:
        _give(names[0], "name", 0.65)


def _first(views: Sequence[ColumnView], test: Callable[[ColumnView], bool]) -> list[ColumnView]:
    return [view for view in views if not view.scores and test(view)]


def _guess_parties(views: Sequence[ColumnView]) -> None:
    """Codes by whose they are, names by whom the code belongs to, authorities by being few."""
    coded = _first(views, lambda v: v.profile.share("code") >= 0.35 and v.profile.share("code_ok", "ruined") >= 0.2)
    citizens = any(view.profile.share("gov_code") < 0.5 for view in coded)
    for view in coded:
        few = 0.5 if citizens else 0.12
        if is_authoritys_code(view.profile, few) or (citizens and view.profile.share("gov_code") > 0.95):
            _give(view, "authority_code", STRONG)
    subjects = [view for view in coded if not view.scores]
    subjects.sort(key=lambda v: (-round(v.profile.share("code_ok") * v.profile.filled, -1), v.index))
    for place, view in enumerate(subjects):
        first = "tax_no" if view.profile.share("tax15") >= 0.1 and len(subjects) == 1 else "uscc"
        _give(view, first if not place else "reg_no", STRONG + 0.05 if not place else 0.6)
    for view in _first(views, lambda v: v.profile.share("org_code") >= 0.6 and v.profile.unique > 0.3):
        _give(view, "org_code", STRONG)
    for view in _first(views, lambda v: v.profile.share("digits15") >= 0.6 and v.profile.share("reg_no") >= 0.5):
        _give(view, "reg_no", FAIR)
    _guess_names(views, subjects[:1])
    _guess_authorities(views)
    _guess_numbers(views)


def _guess_numbers(views: Sequence[ColumnView]) -> None:
    """Numbers of persons, where the rows that have one name a person; mixed old identifiers of organisations."""
    name = next((view for view in views if "name" in view.scores), None)
    for view in _first(views, lambda v: v.profile.share("identifier") >= 0.5 and v.profile.unique > 0.02):
        held = [place for place, cell in enumerate(view.cells) if not is_null(cell) and cell.strip("* ")]
        persons = sum(1 for place in held if name and "person" in kinds_of(name.cells[place]))
        if persons >= 0.6 * len(held) and view.profile.share("masked", "citizen") >= 0.5:
            _give(view, "id_no", 0.65)
        elif persons < 0.3 * len(held) and view.profile.share("digits15") >= 0.2:
            _give(view, "reg_no", 0.55)


def _guess_names(views: Sequence[ColumnView], codes: Sequence[ColumnView]) -> None:
    named = _first(views, lambda v: v.profile.share("party") >= 0.55 and v.profile.length <= 40 and _is_many(v))
    rank: dict[int, float] = {}
    for view in named:
        kin = belongs(view.cells, codes[0].cells) if codes else 0.5
        rank[view.index] = (
            view.profile.share("firm") + 0.5 * kin + 0.2 * view.profile.unique + 0.1 * view.profile.share("party")
        )
    named.sort(key=lambda v: -rank[v.index])
    if len(named) > 1 and codes and _same(named[0], named[1]):
        named[:2] = sorted(named[:2], key=lambda v: abs(v.index - codes[0].index))
        rank[named[0].index] += 0.2
    if named and (len(named) == 1 or rank[named[0].index] - rank[named[1].index] > 0.1):
        _give(named[0], "name", STRONG)
    people = _first(views, lambda v: v.profile.share("person") >= 0.7 and v.profile.length <= 6)
    if people and any("name" in view.scores for view in views):
        _give(people[0], "legal_rep", FAIR)


def _same(a: ColumnView, b: ColumnView) -> bool:
    return sum(1 for x, y in zip(a.cells, b.cells, strict=True) if x.strip() == y.strip()) >= 0.9 * len(a.cells)


def _is_many(view: ColumnView) -> bool:
    return view.profile.distinct >= max(2, 0.02 * view.profile.filled) and view.profile.share("authority") < 0.8


def _guess_authorities(views: Sequence[ColumnView]) -> None:
    offices = _first(
        views,
        lambda v: v.profile.share("authority") >= 0.75 and v.profile.share("firm") < 0.1 and v.profile.unique <= 0.6,
    )
    for view, means in zip(offices, ("authority", "source_unit"), strict=False):
        _give(view, means, STRONG if means == "authority" else 0.6)
    buyers = _first(
        views,
        lambda v: v.profile.share("authority") >= 0.3 and v.profile.share("firm") < 0.2 and v.profile.unique < 0.5,
    )
    if not offices and buyers and any("name" in view.scores for view in views):
        _give(buyers[0], "authority", 0.55)
    codes = [view for view in views if "authority_code" in view.scores]
    for view in codes[1:]:
        view.scores.clear()
        _give(view, "source_code", 0.6)


def _guess_documents(views: Sequence[ColumnView]) -> None:
    found = _first(views, lambda v: v.profile.share("doc_no") >= 0.6 and v.profile.length <= 60)
    found = found or _first(views, lambda v: v.profile.share("doc_no") >= 0.35 and v.profile.length <= 40)
    contracts = any(value.endswith("合同") for view in views for value, _ in view.profile.common[:3])
    certificates = [v for v in found if v.profile.share("licence") >= 0.6]
    documents = [v for v in found if v not in certificates]
    documents.sort(key=lambda v: -v.profile.unique)
    for view, means in zip(documents, ("doc_no", "licence_no"), strict=False):
        _give(view, means, STRONG if means == "doc_no" else 0.5)
    others = _first(
        views, lambda v: v.profile.share("licence") >= 0.7 and v.profile.share("party", "date", "code") < 0.2
    )
    for view in (certificates or others)[:1]:
        _give(view, "doc_no" if contracts and not documents else "licence_no", FAIR)


def _guess_words(views: Sequence[ColumnView]) -> None:
    """Vocabularies: kinds of subject and penalty, grades beside a year, citations, texts that speak of fines."""
    tests: tuple[tuple[str, str, float], ...] = (
        ("subject_kind", "subject_word", 0.8), ("penalty_kind", "penalty_word", 0.8), ("year", "year", 0.8),
        ("id_type", "id_type", 0.8), ("address", "address", 0.7),
    )  # fmt: skip
    for means, kind, least in tests:
        for view in _first(views, lambda v, kind=kind, least=least: v.profile.share(kind) >= least)[:1]:  # type: ignore[misc]
            _give(view, means, FAIR)
    words = _first(views, lambda v: v.profile.share("grade") >= 0.8 and 1 < v.profile.distinct <= 20)
    has_year = any("year" in view.scores for view in views)
    graded = [v for v in words if v.profile.share("number") < 0.2]
    if graded and has_year and not any("authority" in view.scores for view in views):
        _give(graded[0], "grade", FAIR)
    for view in _first(views, lambda v: v.profile.share("letters") >= 0.9 and 1 < v.profile.distinct <= 12)[:1]:
        _give(view, "grade", FAIR)
    results = _first(views, lambda v: v.profile.share("result") >= 0.8 and v.profile.distinct <= 60)
    for view in results[:1]:
        _give(view, "result", 0.65)
    if len(views) == 1:
        return
    for view in _first(views, lambda v: v.profile.share("fine_text") >= 0.6 and v.profile.share("law") < 0.4)[:1]:
        _give(view, "penalty_content", 0.6)
    for view in _first(views, lambda v: v.profile.share("law") >= 0.7 and v.profile.share("facts") < 0.5)[:1]:
        _give(view, "basis", 0.5)
    for view in _first(views, lambda v: v.profile.share("facts") >= 0.6 and v.profile.length > 40)[:1]:
        _give(view, "facts", 0.5)


def _days(view: ColumnView) -> list[date | None]:
    days: list[date | None] = []
    for cell in view.cells[:1_500]:
        try:
            day = read_date(cell, day_first=True) if cell.strip() else None
        except Unreadable:
            day = None
        days.append(None if day in OPEN_ENDS else day)
    return days


def _guess_dates(views: Sequence[ColumnView]) -> None:
    """The first day of a row is its decision, much later ones its end; moments to the second are times of systems."""
    most = max((view.profile.filled for view in views), default=0)
    dated = _first(
        views,
        lambda v: v.profile.share("day") >= 0.6 and v.profile.share("date") >= 0.1 and v.profile.filled >= 0.05 * most,
    )
    dated = [v for v in dated if not any(value.endswith(_MILLISECONDS) for value, _ in v.profile.common[:3])]
    spoken = {means for view in views for means in view.scores}
    moments = [v for v in dated if v.profile.share("timed") >= 0.5]
    days = [v for v in dated if v not in moments]
    if not days and "result" in spoken and len(moments) == 1:
        _give(moments[0], "decision_date", 0.65)
    if not days or not spoken & {"doc_no", "result", "name", "uscc"}:
        return
    known = {view.index: _days(view) for view in days}
    fullest = max(view.profile.filled for view in days)
    decision = _earliest(
        [v for v in days if v.profile.filled >= 0.8 * fullest and v.profile.share("open_end") < 0.3], known
    )
    if decision is None or (len(days) == 1 and "penalty_content" in spoken and "doc_no" not in spoken):
        return
    if len(days) == 1 and not spoken & {"doc_no", "result", "uscc"}:
        return
    _give(decision, "decision_date", 0.75)
    later = [v for v in days if v is not decision and _is_end(known[decision.index], known[v.index], v)]
    for view, means in zip(later, ("valid_until", "publication_end"), strict=False):
        _give(view, means, 0.65)


def _earliest(days: Sequence[ColumnView], known: dict[int, list[date | None]]) -> ColumnView | None:
    def middle(view: ColumnView) -> float:
        return median([day.toordinal() for day in known[view.index] if day] or [10**7])

    ranked = sorted(days, key=lambda view: (middle(view), view.index))
    return ranked[0] if ranked else None


def _is_end(decided: Sequence[date | None], ends: Sequence[date | None], view: ColumnView) -> bool:
    if view.profile.share("open_end") >= 0.03:
        return True
    if view.profile.filled < 0.3 * sum(1 for day in decided if day):
        return False
    gaps = [(end - start).days for start, end in zip(decided, ends, strict=True) if start and end]
    if not gaps:
        return False
    return median(gaps) >= 80 and sum(1 for gap in gaps if gap < 0) <= 0.15 * len(gaps)


def _guess_amounts(views: Sequence[ColumnView]) -> None:
    """A fine is proved by the text beside it; another sum of money by its unit or its round figures."""
    numbers = _first(
        views,
        lambda v: (
            v.profile.share("decimal") >= 0.8 and v.profile.share("date", "year") < 0.5 and not v.profile.sequential
        ),
    )
    texts = [v for v in views if v.profile.share("fine_text") >= 0.3]
    for view in numbers:
        if texts and find_unit(view, texts, None)[1]:
            _give(view, "fine", STRONG)
            break
    taken = [v for v in numbers if not v.scores and any("." in value for value, _ in v.profile.common)]
    for view in taken if any("fine" in other.scores for other in views) or texts else ():
        if _speaks_of(view, texts, "没收") >= 0.6:
            _give(view, "confiscated", 0.65)
            break
    money = _first(views, lambda v: v.profile.share("money") >= 0.5 and v.profile.length <= 24)
    known = any("fine" in view.scores for view in views)
    rounded = [v for v in numbers if not v.scores and not known and _is_money(v)]
    for view in (money or rounded)[:1]:
        _give(view, "fine" if _are_penalties(views) else "amount", FAIR if money else 0.6)


def _are_penalties(views: Sequence[ColumnView]) -> bool:
    """Whether the document numbers are those of penalties."""
    numbers = next((view.profile.common for view in views if "doc_no" in view.scores), ())
    return bool(numbers) and sum("罚" in value for value, _ in numbers) >= 0.5 * len(numbers)


def _speaks_of(view: ColumnView, texts: Sequence[ColumnView], word: str) -> float:
    """The share of a column's filled rows in which a text of the row has this word."""
    held = [place for place, cell in enumerate(view.cells) if not is_null(cell)]
    said = sum(1 for place in held if any(word in text.cells[place] for text in texts))
    return said / len(held) if held else 0.0


def _is_money(view: ColumnView) -> bool:
    values = [cell.strip() for cell in view.cells if "decimal" in kinds_of(cell)]
    figures = [value.replace(",", "").split(".")[0] for value in values]
    if not figures or view.profile.distinct < 5 or max(map(len, figures)) > 11:
        return False
    decimals = sum(1 for value in values if "." in value and not value.endswith(".0"))
    rounded = sum(1 for figure in figures if len(figure) >= 3 and figure.endswith("00"))
    return decimals + rounded >= 0.3 * len(values)
