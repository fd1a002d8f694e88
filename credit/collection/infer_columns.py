"""What the columns of a file mean (列含义推断): headers propose, values confirm or overrule, meanings are given out jointly.

Every column scores for its candidates; each meaning is then given once, the best first. Nothing is guessed into an
identity column: what a header contradicts stays ``ignore``. Confidence falls with every rival and every doubt; what rests
on values alone never reaches 0.9. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from credit.collection.infer_headers import HeaderReading, read_header
from credit.collection.infer_values import Profile, kinds_of, profile_column
from credit.collection.values import is_null

CERTAIN: Final = 0.9
LEAST: Final = 0.4
MOST_FROM_VALUES: Final = 0.85
DATES: Final = ("decision_date", "publish_date", "valid_from", "valid_until", "publication_end")
CODES: Final = ("uscc", "reg_no", "org_code", "tax_no")
TEXTS: Final = frozenset(
    ("violation", "facts", "basis", "penalty_kind", "penalty_content", "content", "result", "reason", "remark")
)


@dataclass(slots=True)
class ColumnView:
    """One column as inference sees it: place, header, what the header says, its sampled cells and their profile."""

    index: int
    header: str
    reading: HeaderReading
    cells: list[str]
    profile: Profile
    scores: dict[str, float] = field(default_factory=dict)
    by_value: bool = False


class Meaning(NamedTuple):
    """What a column was found to mean, how surely, and what it would mean otherwise."""

    means: str
    confidence: float
    runner_up: str | None


def view_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[ColumnView]:
    """The columns that are real: with a header or with values. The header of a column may be empty."""
    width = max([len(header), *(len(row) for row in rows)], default=0)
    views = []
    for index in range(width):
        cells = [row[index] if index < len(row) else "" for row in rows]
        text = header[index] if index < len(header) else ""
        reading = read_header(text)
        if not reading.plain and all(is_null(cell) for cell in cells):
            continue
        views.append(ColumnView(index, text.strip(), reading, cells, profile_column(cells)))
    return views


def fitness(means: str, profile: Profile) -> float | None:
    """How well values bear a meaning: 0 contradicts, 1 proves; None where there are no values."""
    if not profile.filled:
        return None
    share = profile.share
    if means == "name":
        return (
            0.0
            if share("date", "doc_no", "code", "number", "uuid") > 0.5
            else max(share("party"), _short_text(profile))
        )
    if means == "legal_rep":
        return 0.0 if share("date", "code", "number", "sentence") > 0.5 else max(share("person"), 0.4)
    if means in ("authority", "source_unit"):
        if share("date", "code", "number", "doc_no", "uuid") > 0.5:
            return 0.0
        return max(share("authority"), 0.8 * share("party"), 0.7 * _short_text(profile))
    if means in DATES:
        return max(share("day"), 0.3 * share("year"))
    return _fitness_of_values(means, profile)


def _fitness_of_values(means: str, profile: Profile) -> float:
    share = profile.share
    if means in ("uscc", "authority_code", "source_code"):
        return max(share("code"), 0.7 * share("masked"), 0.6 * share("citizen", "digits15", "org_code"))
    if means in ("reg_no", "org_code", "tax_no", "id_no"):
        return max(share("code"), share("identifier"), 0.6 * share("number") * (profile.length >= 9))
    if means in ("fine", "confiscated", "amount"):
        return max(share("decimal"), share("money"), 0.6 * share("fine_text"))
    if means == "year":
        return max(share("year"), 0.35 * share("date"))
    if means in ("doc_no", "licence_no"):
        if share("date") > 0.5 or share("party") > 0.8:
            return 0.0
        return max(share("doc_no", "licence"), 0.75 if profile.length < 60 else 0.2)
    if means == "grade":
        return max(share("grade"), 0.6 if profile.distinct <= 40 and profile.length < 20 else 0.2)
    if means in TEXTS:
        return 0.05 if share("date", "code", "uuid") > 0.6 else 0.9
    if means in ("subject_kind", "id_type"):
        return max(share("subject_word", "company_type", "id_type"), 0.8 if profile.length < 24 else 0.1)
    if means == "address":
        return 0.05 if share("date", "code", "number") > 0.6 else max(share("address", "region"), 0.6)
    return 0.9


def _short_text(profile: Profile) -> float:
    textual = 1.0 - profile.share("number", "date", "code", "sentence", "long", "uuid")
    return 0.75 * textual if 2 <= profile.length <= 40 else 0.2


def propose(view: ColumnView) -> None:
    """Fill a column's scores from its header, held against its values."""
    reading, profile = view.reading, view.profile
    if reading.means is None:
        return
    fit = fitness(reading.means, profile)
    if reading.means == "ignore":
        view.scores["ignore"] = reading.strength
        return
    if fit is None:
        view.scores[reading.means] = reading.strength * 0.7
    elif fit >= 0.2:
        view.scores[reading.means] = reading.strength * (0.6 + 0.4 * min(1.0, fit / 0.6))
    _transfer(view, fit)


def _transfer(view: ColumnView, fit: float | None) -> None:
    """Where values overrule a name within one family: codes under 证件号码, an authority under 单位名称."""
    reading, profile, scores = view.reading, view.profile, view.scores
    share = profile.share
    means, strength = reading.means, reading.strength
    if fit is None:
        return
    if means == "uscc" and is_authoritys_code(profile):
        scores["authority_code"], scores["uscc"] = 0.62, 0.35
    if means in ("id_no", "org_code", "reg_no") and reading.role != "legal_rep" and share("code") >= 0.5:
        scores["uscc"] = 0.93 * strength * min(1.0, 0.4 + share("code"))
        if means != "reg_no" or share("code") > 0.8:
            scores[means] = min(scores.get(means, 0.0), 0.7 * strength)
    if means == "id_type" and share("licence", "doc_no") > 0.6:
        scores.pop("id_type", None)
    if reading.role == "unit" and means == "name" and share("authority") >= 0.6 and share("firm") < 0.3:
        scores["authority"] = 0.74
    if means in ("authority", "source_unit") and share("code") > 0.6:
        scores["authority_code" if means == "authority" else "source_code"] = 0.72
    if means in ("authority_code", "source_code", "uscc") and fit < 0.2 and share("party") >= 0.6:
        to = {"authority_code": "authority", "source_code": "source_unit", "uscc": "name"}[means]
        scores[to] = 0.72 if to != "name" or share("firm") > 0.5 else 0.3
    if means in TEXTS and share("gov_code") > 0.8 and is_authoritys_code(profile, few=0.2):
        scores["source_code"] = 0.6
        scores.pop(means, None)


def is_authoritys_code(profile: Profile, few: float = 0.02) -> bool:
    """Whether codes are those of a few government bodies over many rows: not the subjects' but the authority's."""
    return (
        profile.filled >= 8
        and profile.share("gov_code") > 0.9
        and profile.distinct <= max(2.0, few * profile.filled)
        and profile.distinct < profile.filled
    )


def assign(views: Sequence[ColumnView]) -> dict[int, Meaning]:
    """Give each meaning to one column, the best first; what is left over is ``ignore``."""
    _prefer_filled(views)
    _prefer_owner_of_code(views)
    _second_party(views)
    ranked = sorted(
        ((score, -view.index, view, means) for view in views for means, score in view.scores.items()),
        key=lambda entry: (entry[0], entry[1]),
        reverse=True,
    )
    given: dict[int, Meaning] = {}
    taken: dict[str, float] = {}
    for score, _, view, means in ranked:
        if view.index in given or score < LEAST or (means != "ignore" and means in taken):
            continue
        if view.scores.get(max(view.scores, key=lambda m: view.scores[m]), 0) - score > 0.3:
            continue
        taken[means] = score
        given[view.index] = Meaning(means, _confidence(view, means, views), _runner_up(view, means))
    return {view.index: given.get(view.index) or _nothing(view, taken) for view in views}


def _nothing(view: ColumnView, taken: Iterable[str]) -> Meaning:
    best = max(view.scores, key=lambda m: view.scores[m], default=None)
    sure = 0.6 if best is None or best in taken else 0.5
    return Meaning("ignore", sure, best if best != "ignore" else None)


def _runner_up(view: ColumnView, means: str) -> str | None:
    others = {other: score for other, score in view.scores.items() if other != means}
    return max(others, key=lambda other: others[other]) if others else None


def _confidence(view: ColumnView, means: str, views: Sequence[ColumnView]) -> float:
    score = view.scores[means]
    if means == "ignore":
        return round(min(0.97, score), 2)
    rival_meaning = max((s for m, s in view.scores.items() if m != means), default=0.0)
    rival_column = max((v.scores.get(means, 0.0) for v in views if v is not view), default=0.0)
    for rival in (rival_meaning, rival_column):
        score -= max(0.0, 0.12 - (view.scores[means] - rival)) * 0.8
    if not view.profile.filled:
        score = min(view.reading.strength * 0.9, 0.86)
    if view.by_value or view.reading.means != means:
        score = min(score, MOST_FROM_VALUES)
    return round(max(0.05, min(score, 0.99)), 2)


def _prefer_filled(views: Sequence[ColumnView]) -> None:
    """Of several columns for one meaning the fuller one: a second 认定时间 is mostly empty."""
    for means in {means for view in views for means in view.scores}:
        rivals = [view for view in views if view.scores.get(means, 0.0) >= LEAST and view.profile.filled]
        fullest = max((view.profile.filled for view in rivals), default=0)
        for view in rivals if len(rivals) > 1 else ():
            view.scores[means] -= 0.1 * (1 - view.profile.filled / fullest)


def _second_party(views: Sequence[ColumnView]) -> None:
    """Beside a supplier the other unit is the one that buys: 单位名称 is then the authority."""
    if any(view.scores.get("name", 0.0) >= 0.9 for view in views):
        for view in views:
            if view.reading.role == "unit" and "name" in view.scores and view.profile.share("firm") < 0.2:
                view.scores.setdefault("authority", 0.62)


def _prefer_owner_of_code(views: Sequence[ColumnView]) -> None:
    """Of two possible subjects the one the code belongs to: where a code repeats, its name repeats."""
    names = [view for view in views if view.scores.get("name", 0.0) >= LEAST]
    codes = [view for view in views if view.scores.get("uscc", 0.0) >= 0.6 and view.profile.filled]
    if len(names) < 2 or not codes:
        return
    code = max(codes, key=lambda view: view.scores["uscc"])
    for view in names:
        view.scores["name"] += 0.12 * (belongs(view.cells, code.cells) - 0.5)


def belongs(names: Sequence[str], codes: Sequence[str]) -> float:
    """How far a code decides a name and a name a code, 0–1; 0.5 where nothing repeats."""
    pairs = {
        (name.strip(), code.strip())
        for name, code in zip(names, codes, strict=True)
        if not is_null(name) and "code_ok" in kinds_of(code)
    }
    if not pairs:
        return 0.5
    by_code = len({code for _, code in pairs}) / len(pairs)
    by_name = len({name for name, _ in pairs}) / len(pairs)
    agreement = by_code * by_name
    repeats = sum(1 for code in codes if code.strip()) > 1.05 * len({code for _, code in pairs})
    return agreement if repeats else 0.5 + 0.2 * (agreement - 0.5)


__all__ = ["ColumnView", "Meaning", "assign", "belongs", "fitness", "is_authoritys_code", "propose", "view_columns"]
