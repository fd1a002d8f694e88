"""Rows for tests: every argument has a default that makes a valid row; the shortest call is enough.

Everything invented: codes carry right check characters, persons are born before 1900. Nothing here commits.
"""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.drafts import RecordDraft, SubjectDraft
from credit.records import AcceptContext, Accepted, accept_records
from credit.subjects import SubjectRow, find_person, get_subject
from models.accounts import Account, Agency, Department
from models.catalogue import CatalogueEdition
from models.collection import Batch, Delivery, Source
from models.terms import Role, SubjectKind

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PASSWORD = "Sample-4491-phrase"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_numbers = itertools.count(1)


def make_code(number: int | None = None, *, kind: str = "91") -> str:
    """A unified social credit code (统一社会信用代码) with right check characters, for an invented firm."""
    number = next(_numbers) if number is None else number
    body = f"{number % 10**8:08d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    head = f"{kind}310199{body}{ {10: 'X', 11: '0'}.get(rest, str(rest)) }"
    total = sum(DIGITS.index(one) * pow(3, place, 31) for place, one in enumerate(head))
    return head + DIGITS[(31 - total % 31) % 31]


def make_number(number: int | None = None) -> str:
    """A citizen number (公民身份号码) of somebody born in 1880: right in form, nobody's."""
    number = next(_numbers) if number is None else number
    body = f"44052418800101{number % 1000:03d}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def make_department(session: Session, *, slug: str | None = None, name: str = "区市场监督管理局") -> Department:
    """A department."""
    department = Department(slug=slug or f"dept-{next(_numbers)}", name=name, in_district=True)
    session.add(department)
    session.flush()
    return department


def make_agency_row(session: Session, **changes: Any) -> Agency:
    """An admitted agency; its secret is nobody's (``credit.accounts.make_agency`` gives one with a secret)."""
    values = {"client_id": f"agency-{next(_numbers)}", "name": "某某银行", "secret_digest": bytes(16), **changes}
    agency = Agency(**values)
    session.add(agency)
    session.flush()
    return agency


def make_account(session: Session, *, role: Role = Role.regulator, **changes: Any) -> Account:
    """An account whose password is ``PASSWORD``; with its department, agency or subject, as the role has it."""
    values: dict[str, Any] = {
        "name": f"{role.value}-{next(_numbers)}",
        "display_name": "张某",
        "role": role.value,
        "password_hash": PASSWORD_HASH,
        "scopes": [],
        "created_at": NOW,
        "tokens_from": datetime(2020, 1, 1, tzinfo=UTC),
        **changes,
    }
    if role in {Role.regulator, Role.department} and "department_id" not in values:
        values["department_id"] = make_department(session).id
    if role is Role.agency and "agency_id" not in values:
        values["agency_id"] = make_agency_row(session).id
    if role in {Role.enterprise, Role.person} and "subject_id" not in values:
        subject = make_enterprise(session) if role is Role.enterprise else make_person(session)
        values["subject_id"] = subject.id
    account = Account(**values)
    session.add(account)
    session.flush()
    return account


def make_source(session: Session, *, name: str | None = None, item: str = "penalty") -> Source:
    """A source of one catalogue item."""
    number = next(_numbers)
    source = Source(
        name=name or f"source-{number}",
        title="测试来源",
        department_id=make_department(session).id,
        item=item,
        carrier="files",
        description={},
        disabled=False,
    )
    session.add(source)
    session.flush()
    return source


def make_batch(session: Session, source: Source) -> tuple[Batch, int]:
    """A batch of one delivery, and the id of the catalogue edition it came under."""
    catalogue, keyring = deployment_of(session).catalogue, deployment_of(session).keyring
    edition = session.query(CatalogueEdition).first()
    if edition is None:
        edition = CatalogueEdition(name=catalogue.edition, active_from=date(2026, 1, 1), digest=b"", published_at=NOW)
        session.add(edition)
        session.flush()
    counts = dict.fromkeys(
        ("columns_dropped", "received", "accepted", "unchanged", "superseded", "parked", "rejected", "records_made"), 0
    )
    delivery = Delivery(
        ref=f"delivery-{next(_numbers)}",
        source_id=source.id,
        edition_id=edition.id,
        name="sample.csv",
        digest=str(next(_numbers)).encode(),
        state="open",
        mode="incremental",
        received_at=NOW,
        key_sealed=keyring.wrap(keyring.new_delivery_key()),
        by_fault={},
        **counts,
    )
    session.add(delivery)
    session.flush()
    batch = Batch(delivery_id=delivery.id, sequence=1, first_row=1, row_count=1, raw_digest=b"", committed_at=NOW)
    session.add(batch)
    session.flush()
    return batch, edition.id


def make_draft(item: str = "penalty", **changes: Any) -> RecordDraft:
    """A record draft about an invented firm."""
    number = next(_numbers)
    subject = changes.pop("subject", None) or SubjectDraft(
        SubjectKind.enterprise, f"上海测试{number}有限公司", make_code()
    )
    values: dict[str, Any] = {
        "row_number": 1,
        "item": item,
        "subject": subject,
        "natural_key": ("-",) if item == "registration" else ("-", f"key-{number}"),
        "payload": {},
        "held_from": date(2026, 3, 2),
        "document_number": f"沪测罚〔2026〕{number}号",
        "authority": "区市场监督管理局",
        **changes,
    }
    return RecordDraft(**values)


def accept(session: Session, *drafts: RecordDraft, known_at: datetime = NOW, today: date = TODAY) -> Accepted:
    """Bring drafts of one item in through the one door."""
    source = make_source(session, item=drafts[0].item)
    batch, edition_id = make_batch(session, source)
    delivery = session.get_one(Delivery, batch.delivery_id)
    catalogue = deployment_of(session).catalogue
    context = AcceptContext(
        item=catalogue.items[drafts[0].item],
        source_id=source.id,
        batch_id=batch.id,
        edition_id=edition_id,
        delivery_key=deployment_of(session).keyring.unwrap(delivery.key_sealed or b""),
        known_at=known_at,
        today=today,
    )
    return accept_records(session, drafts, context)


def make_record(session: Session, item: str = "penalty", **changes: Any) -> SubjectRow:
    """One accepted record; returns its subject."""
    draft = make_draft(item, **changes)
    accept(session, draft)
    return _subject_of(session, draft.subject)


def make_enterprise(session: Session, *, name: str | None = None, code: str | None = None) -> SubjectRow:
    """An enterprise with its registration."""
    subject = SubjectDraft(SubjectKind.enterprise, name or f"上海测试{next(_numbers)}有限公司", code or make_code())
    return make_record(session, "registration", subject=subject)


def make_person(session: Session, *, name: str = "赵某某", number: str | None = None) -> SubjectRow:
    """A person with one record."""
    subject = SubjectDraft(SubjectKind.person, name, None, number=number or make_number())
    return make_record(session, "penalty", subject=subject)


def make_listing(session: Session, list_code: str, **changes: Any) -> SubjectRow:
    """An entry on a list; returns the subject."""
    return make_record(session, "listing", list_code=list_code, **changes)


def _subject_of(session: Session, draft: SubjectDraft) -> SubjectRow:
    if draft.code is not None:
        return get_subject(session, draft.code)
    found = find_person(session, draft.number or "")
    if found is None:
        raise LookupError("the person was not entered")
    return found
