"""Taking what lies in the file drop (文件收件箱): every claimed file whole or refused with its reason, one after the other.

A ZIP with several files is a delivery for each member; all are opened, and their rows held against the manifest, before the
first is taken. What a run was killed in goes on in the next: the delivery at its next batch, the claim by its ticket. A fault
that is not the file's (a database that is away) leaves the claim where it is.
"""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from credit.collection.batches import DeliveryReport
from credit.collection.carriers.archives import Member, holds_several, unpack
from credit.collection.carriers.files import MANIFEST_SUFFIX, open_table, read_manifest
from credit.collection.claims import DATA, DONE, REJECTED, Claim, claim_files, prepare_inbox, sweep
from credit.collection.description import Description
from credit.collection.run import Clock, collect_file
from credit.errors import CreditError, DescriptionInvalid, FileRefused, ForbiddenAttribute, OutsideCatalogue

Describe = Callable[[str], Description | None]
"""The description of a file by the name its sender gave it."""

THE_FILES_OWN: Final = (FileRefused, DescriptionInvalid, OutsideCatalogue, ForbiddenAttribute)


class Taken(NamedTuple):
    """A step of a run over the folder; where a file has ``ended``, its reports, or the fault it was refused for."""

    name: str
    rows: int = 0
    reports: tuple[DeliveryReport, ...] = ()
    fault: str | None = None
    ended: bool = False


def take_inbox(session: Session, inbox: Path, describe: Describe, *, clock: Clock, today: date) -> Iterator[Taken]:
    """Take every file that is ready, and what killed runs left. The caller commits at each step.

    A fault that is not the file's own is told and the file stays claimed: the next run goes on with it.
    """
    prepare_inbox(inbox)
    for claim in claim_files(inbox, now=clock()):
        try:
            yield from _take(session, claim, describe, clock, today)
        except (CreditError, SQLAlchemyError, OSError) as error:
            session.rollback()
            fault = error.detail if isinstance(error, CreditError) else type(error).__name__
            yield Taken(claim.name, fault=fault)
        finally:
            claim.release()
    sweep(inbox, now=clock())


def _take(session: Session, claim: Claim, describe: Describe, clock: Clock, today: date) -> Iterator[Taken]:
    reports: list[DeliveryReport] = []
    try:
        if claim.fault is not None:
            raise FileRefused(claim.fault)
        for member, description in _prepare(claim, describe):
            for step in collect_file(session, member.path, description, clock=clock, today=today, name=member.name):
                yield Taken(claim.name, step.rows)
                reports += [step.report] if step.report else []
    except THE_FILES_OWN as error:
        session.rollback()
        _settle(claim, REJECTED, clock, reports, error)
        yield Taken(claim.name, 0, tuple(reports), error.detail, ended=True)
        return
    _settle(claim, DONE, clock, reports, None)
    yield Taken(claim.name, 0, tuple(reports), ended=True)


def _prepare(claim: Claim, describe: Describe) -> list[tuple[Member, Description]]:
    """The files of a claim with their descriptions; several are all opened and counted first."""
    if not holds_several(claim.path):
        return [_described(Member(claim.name, claim.path), describe)]
    folder = claim.folder / "members"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    found = [_described(member, describe) for member in unpack(claim.path, folder)]
    rows = 0
    with ExitStack() as opened:
        for member, description in found:
            rows += opened.enter_context(open_table(member.path, description)).rows_in_file
    expected = read_manifest(claim.folder / (DATA + MANIFEST_SUFFIX)).rows
    if rows != expected:
        raise FileRefused(f"压缩包内各文件共 {rows} 行，清单为 {expected} 行，整批未受理")
    return found


def _described(member: Member, describe: Describe) -> tuple[Member, Description]:
    description = describe(member.name)
    if description is None:
        raise DescriptionInvalid("没有与文件名相符的数据源描述")
    return member, description


def _settle(claim: Claim, state: str, clock: Clock, reports: list[DeliveryReport], error: CreditError | None) -> None:
    outcome = {"state": state, "at": clock().isoformat(), "deliveries": [dataclasses.asdict(one) for one in reports]}
    if error is not None:
        outcome |= {"reason": error.detail, "problem": error.slug, "faults": error.faults}
    claim.settle(state, outcome)
