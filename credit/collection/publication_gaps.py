"""What a department published itself and did not report (瞒报线索): its publication held against the records, by document number.

Read only: the published file is mapped by a description like any delivery, nothing of it is stored. A document that was
reported by another department of the same fact, waits, or was withdrawn counts as reported.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.catalogue import get_item
from credit.collection.carriers.files import open_table
from credit.collection.description import Description
from credit.collection.mapping import compile_mapping
from credit.collection.quality_report import parked_documents
from credit.deployment import deployment_of
from credit.document_series import plain_number
from models.records import Record

A_YEAR: Final = timedelta(days=366)


class Unreported(NamedTuple):
    """A published document that no record carries: its row in the publication, number, authority, day."""

    row: int
    document_number: str
    authority: str
    decided_on: date | None


class Comparison(NamedTuple):
    """How a publication compares: rows read, rows without a readable document, and what was not reported."""

    published: int
    unreadable: int
    unreported: tuple[Unreported, ...]


def compare_publication(session: Session, path: Path, description: Description, *, today: date) -> Comparison:
    """Hold a department's own publication against what it reported. Raises FileRefused where the file cannot be read."""
    deployment = deployment_of(session)
    item = get_item(deployment.catalogue, description.item)
    published = unreadable = 0
    missing: list[Unreported] = []
    waiting = {plain_number(number) for _, number in parked_documents(session, {item.code})}
    with open_table(path, description) as table:
        header = table.header or None
        map_row = compile_mapping(description, item, deployment.catalogue, deployment.rules, today, header)
        for page in table.pages():
            found = []
            for number, row in enumerate(page.rows, start=page.first_row_number):
                draft = map_row(row, number).draft
                published += 1
                if draft is None or not draft.document_number:
                    unreadable += 1
                    continue
                found.append(Unreported(number, draft.document_number, draft.authority or "", draft.held_from))
            missing += _unreported(session, item.code, found, waiting)
    return Comparison(published, unreadable, tuple(missing))


def _unreported(
    session: Session, item: str, documents: Sequence[Unreported], waiting: set[str]
) -> Iterator[Unreported]:
    """Those of a page that no record of about the same time carries, however number and day are written."""
    days = [one.decided_on for one in documents if one.decided_on is not None]
    statement = select(Record.document_number).where(Record.item == item, Record.document_number.is_not(None))
    if days:
        statement = statement.where(Record.held_from.between(min(days) - A_YEAR, max(days) + A_YEAR))
    known = {plain_number(number or "") for number in session.execute(statement).scalars()} | waiting
    return (one for one in documents if plain_number(one.document_number) not in known)
