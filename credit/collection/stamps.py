"""What a row says about itself: the source's stamp, the deciding body's mark, and whether it was taken back. [pure]

A stamp is read as a moment of the district and written in one form, so that stamps compare as text. One in the future cannot
be: it would hold for ever against every later correction.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from credit.collection.description import Column
from credit.collection.faults import make_fault
from credit.collection.values import NULLS, clean_text
from credit.drafts import Fault
from models.terms import DisclosureLevel

FORMS: Final = (
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
    "%Y/%m/%d", "%d/%m/%Y %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d",
)  # fmt: skip
YES: Final = frozenset(("1", "是", "true", "True", "Y", "y", "yes", "已删除", "删除"))
NO: Final = frozenset(("0", "否", "false", "False", "N", "n", "no", "未删除", "正常"))
MARKS: Final = {
    "公开": DisclosureLevel.public, "社会公开": DisclosureLevel.public, "0": DisclosureLevel.public,
    "不公开": DisclosureLevel.government, "政务共享": DisclosureLevel.government, "1": DisclosureLevel.government,
    "授权查询": DisclosureLevel.authorised, "2": DisclosureLevel.authorised,
}  # fmt: skip
"""Words and the codes of the 2015 exchange layout (信息使用范围 0, 1, 2; their meaning is likely, not verified)."""


class Stamp(NamedTuple):
    """What the row said about itself."""

    version: str | None = None
    mark: DisclosureLevel | None = None
    deleted: bool = False


ReadStamp = Callable[[Sequence[str]], Stamp | Fault]


def compile_stamp(columns: Sequence[tuple[Column, int]], today: date) -> ReadStamp | None:
    """A reader of the columns that speak of the row itself; None where the description names none."""
    places = {column.means: (column, place) for column, place in columns if column.means.startswith("source_")}
    places = {means: found for means, found in places.items() if means in READERS}
    if not places:
        return None
    latest = (today + timedelta(days=2)).isoformat()

    def read(row: Sequence[str]) -> Stamp | Fault:
        values: dict[str, object] = {}
        for means, (column, place) in places.items():
            text = clean_text(row[place])
            if text in NULLS:
                continue
            value = READERS[means](column.vocabulary.get(text, text))
            if value is None:
                return make_fault(column.shown, "STAMP_UNREADABLE")
            values[means.removeprefix("source_")] = value
        stamp = Stamp(**values)  # type: ignore[arg-type]
        if stamp.version is not None and stamp.version >= latest:
            return make_fault(places["source_version"][0].shown, "STAMP_IN_FUTURE")
        return stamp

    return read


def read_version(text: str) -> str | None:
    """A moment in one sortable form; a bare number (a version counter) is padded so that it sorts too."""
    if text.isascii() and text.isdigit() and len(text) not in (8, 14):
        return text.zfill(20)
    bare = text.replace("T", " ").removesuffix("Z").removesuffix("+08:00")
    for form in FORMS:
        try:
            return datetime.strptime(bare, form).isoformat(" ")  # noqa: DTZ007 (district time, compared as text)
        except ValueError:
            continue
    return None


def read_mark(text: str) -> DisclosureLevel | None:
    """The level a mark names."""
    return MARKS.get(text) or (DisclosureLevel(text) if text in set(DisclosureLevel) else None)


def read_flag(text: str) -> bool | None:
    """Yes or no."""
    return True if text in YES else False if text in NO else None


READERS: Final[dict[str, Callable[[str], object]]] = {
    "source_version": read_version,
    "source_mark": read_mark,
    "source_deleted": read_flag,
}
