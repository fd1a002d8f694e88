"""The enquiry log: everything asked is in it, nothing leaves without it, and nobody changes it unseen."""

import random
import subprocess
import sys
import time
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from credit.audit import _snapshot, verify_log
from credit.checks import Asked, check_subjects
from credit.drafts import SubjectDraft
from credit.enquiries import list_enquiries_about, logged
from credit.enquiry_log import CHAINED, Entry, chain_of, new_ref
from credit.errors import CreditError, EnquiryLogUnavailable, InvalidCode, NotAuthorised, SubjectNotFound
from credit.lookup import lookup_person, lookup_subject, search_subjects
from models.enquiries import AccessCount, Enquiry, EnquirySubject
from models.terms import SubjectKind
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_enterprise, make_number


@pytest.fixture
def log(deployment):
    return deployment.enquiry_log


def entries(log):
    with log.engine.connect() as connection:
        return connection.execute(select(Enquiry.__table__).order_by(Enquiry.id)).mappings().all()


def entry(number=0, **more):
    values = {"purpose": "approval", "case_number": f"办件{number}", "shown": {"administration": number % 3}, **more}
    return Entry(
        new_ref(), NOW + timedelta(seconds=number), f"account-{number % 5}", "regulator", "区局", "lookup", **values
    )


# everything asked is written down


def test_an_answer_is_written_with_whom_why_and_what(session, log, as_enquirer):
    code = make_code()
    accept(session, make_draft(subject=SubjectDraft(None, "甲公司", code)))
    session.commit()
    regulator = as_enquirer("regulator", purpose="approval", case_number="办〔2026〕1号")
    view = lookup_subject(session, regulator, code, today=TODAY, now=NOW)
    (written,) = entries(log)
    assert (written["receipt"], written["subject_ref"], written["outcome"]) == (view.enquiry, view.ref, "answered")
    assert (written["account"], written["role"], written["purpose"]) == (regulator.account, "regulator", "approval")
    assert (written["case_number"], written["shown"]) == ("办〔2026〕1号", {"administration": 1})
    assert written["asked_at"] == NOW


@pytest.mark.parametrize(
    ("kind", "purpose", "case", "what", "outcome", "reason"),
    [
        ("regulator", None, None, "known", "refused", "purpose-required"),
        ("regulator", "made-up", None, "known", "refused", None),
        ("regulator", "credit_service", None, "known", "refused", None),
        ("regulator", "approval", None, "known", "refused", "case-required"),
        ("agency", None, None, "known", "refused", "purpose-required"),
        ("public", None, None, "91310199000000000X", "refused", None),
        ("public", None, None, "440524188001010014", "refused", None),
        ("public", None, None, "a" * 26, "not_found", None),
        ("public", None, None, "person", "not_found", None),
        ("operator", "inspection", None, "person", "not_found", None),
    ],
)
def test_refusals_and_absences_are_written_down(session, log, as_enquirer, kind, purpose, case, what, outcome, reason):
    firm = make_enterprise(session)
    person = SubjectDraft(SubjectKind.person, "赵某某", None, number=make_number())
    accept(session, make_draft(subject=person))
    ref = session.execute(text("SELECT ref FROM subjects WHERE kind = 'person'")).scalar_one()
    session.commit()
    enquirer = as_enquirer(kind, purpose=purpose, case_number=case)
    with pytest.raises(CreditError) as error:
        lookup_subject(session, enquirer, {"known": firm.code, "person": ref}.get(what, what), today=TODAY, now=NOW)
    (written,) = entries(log)
    assert (written["outcome"], written["reason"], written["shown"]) == (outcome, error.value.slug, {})
    assert reason in (None, error.value.slug)
    assert "440524188001010014" not in repr(written)


def test_a_failure_is_written_down_without_its_words(session, log, as_enquirer):
    with pytest.raises(ZeroDivisionError), logged(session, as_enquirer("public"), "lookup", now=NOW) as written:
        written.shown = {"administration": 3}
        raise ZeroDivisionError("440524188001010014")
    (found,) = entries(log)
    assert (found["outcome"], found["reason"], found["shown"]) == ("failed", "ZeroDivisionError", {})


def test_looking_for_a_person_is_written_whoever_asks(session, log, as_enquirer):
    number = make_number(555)
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=number)))
    session.commit()
    duty = as_enquirer("regulator", purpose="inspection")
    assert lookup_person(session, duty, number, today=TODAY, now=NOW).name == "赵某某"
    with pytest.raises(SubjectNotFound):
        lookup_person(session, duty, make_number(556), today=TODAY, now=NOW)
    with pytest.raises(NotAuthorised):
        lookup_person(session, as_enquirer("agency", purpose="credit_service"), number, today=TODAY, now=NOW)
    with pytest.raises(InvalidCode):
        lookup_person(session, duty, number[:17] + ("0" if number[17] != "0" else "1"), today=TODAY, now=NOW)
    with pytest.raises(SubjectNotFound):
        lookup_person(session, as_enquirer("regulator", purpose="award"), number, today=TODAY, now=NOW)
    assert [row["outcome"] for row in entries(log)] == ["answered", "not_found", "refused", "refused", "not_found"]
    assert number not in repr(entries(log))


def test_a_subject_sees_who_was_answered_about_it(session, log, as_enquirer):
    firm, other = make_enterprise(session), make_enterprise(session)
    session.commit()
    duty = as_enquirer("regulator", purpose="inspection")
    lookup_subject(session, duty, firm.code, today=TODAY, now=NOW)
    lookup_subject(session, duty, other.code, today=TODAY, now=NOW)
    with pytest.raises(CreditError):
        lookup_subject(session, as_enquirer("regulator"), firm.code, today=TODAY, now=NOW)
    case = as_enquirer("regulator")
    check_subjects(
        session, case, [Asked(firm.code, "applicant")], matter="procurement", case_number="一", today=TODAY, now=NOW
    )
    session.commit()
    about = list_enquiries_about(session, firm.ref)
    assert [one.action for one in about] == ["check", "lookup"]
    assert list_enquiries_about(session, firm.ref, limit=1)[0].receipt == about[0].receipt


# nothing leaves without it


@pytest.mark.parametrize("damage", ["dropped", "no heads folder", "lock file"])
def test_no_answer_where_the_log_cannot_be_written(session, deployment, log, as_enquirer, databases, damage):
    firm = make_enterprise(session)
    session.commit()
    if damage == "lock file" and databases.kind == "postgresql":
        pytest.skip("PostgreSQL queues its writers by itself")
    if damage == "dropped":
        with log.engine.begin() as connection:
            connection.execute(text("ALTER TABLE enquiries RENAME TO gone"))
    elif damage == "no heads folder":
        log.heads.parent.mkdir(exist_ok=True)
        log.heads.write_text("a file stands where the folder should")
    else:
        (deployment.instance / "enquiries.lock").mkdir()
    try:
        with pytest.raises(EnquiryLogUnavailable):
            lookup_subject(session, as_enquirer("public"), firm.code, today=TODAY, now=NOW)
        with pytest.raises(EnquiryLogUnavailable):
            lookup_subject(session, as_enquirer("public"), make_code(), today=TODAY, now=NOW)
        if damage != "no heads folder":
            with pytest.raises(EnquiryLogUnavailable):
                for _ in range(300):
                    log.count_access("search", NOW) if damage == "lock file" else log.append(entry())
    finally:
        if damage == "dropped":
            with log.engine.begin() as connection:
                connection.execute(text("ALTER TABLE gone RENAME TO enquiries"))


def test_searches_are_counted_not_logged(session, log, as_enquirer):
    for _ in range(3):
        search_subjects(session, as_enquirer("public"), "没有的", now=NOW)
    log.flush_counts()
    log.count_access("search", NOW)
    log.flush_counts()
    with log.engine.connect() as connection:
        assert connection.execute(select(AccessCount.day, AccessCount.count)).all() == [("2026-11-20", 4)]
    assert entries(log) == []


# one chain


def test_two_processes_form_one_chain(deployment, log):
    url = log.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.credit.appending", str(deployment.instance), url]
    children = [subprocess.Popen([*command, who, "200"], stderr=subprocess.PIPE) for who in ("first", "second")]
    for child in children:
        assert child.wait(timeout=60) == 0, child.stderr.read()
        child.stderr.close()
    rows = entries(log)
    assert len(rows) == 400
    assert {row["account"] for row in rows} == {"first", "second"}
    changes = sum(one["account"] != two["account"] for one, two in pairwise(rows))
    assert changes > 1, "the two must have written at the same time"
    result = verify_log(log.engine, deployment.keyring, log.heads)
    assert (result.whole, result.entries) == (True, 400)


LENGTH = 60


@pytest.fixture
def filled(log):
    """Sixty entries, some with lines, heads at every tenth."""
    for number in range(LENGTH):
        one = entry(number, subject_ref=new_ref() if number % 2 else None)
        if number % 3 == 0:
            one.lines = [(new_ref(), {"check": place}) for place in range(3)] + [("same", {"a": 1}), ("same", {"b": 2})]
        log.append(one)
        if number % 10 == 9:
            log.write_head(number + 1, bytes(entries(log)[-1]["chain"]), NOW)
    return log


COLUMNS = list(CHAINED)


def tamper(connection, chance):
    """One random change by somebody with the whole database in hand; the kind of it."""
    kind = chance.choice(("edit", "delete", "insert", "swap", "truncate", "lines", "chain", "move"))
    table, lines = Enquiry.__table__, EnquirySubject.__table__
    victim = chance.randrange(1, LENGTH - 11)
    row = dict(connection.execute(select(table).where(table.c.id == victim)).mappings().one())
    if kind == "edit":
        column = chance.choice(COLUMNS)
        old = row[column]
        new = (
            {"a": 9}
            if column == "shown"
            else NOW + timedelta(days=1)
            if column == "asked_at"
            else f"{old or ''}x"[-20:]
        )
        connection.execute(update(table).where(table.c.id == victim).values({column: new}))
    elif kind == "delete":
        connection.execute(delete(lines).where(lines.c.enquiry_id == victim))
        connection.execute(delete(table).where(table.c.id == victim))
        if chance.random() < 0.5:
            close_gap(connection, table, lines, victim)
    elif kind == "insert":
        values = {**row, "id": LENGTH + 1, "receipt": new_ref()}
        if chance.random() < 0.5:
            connection.execute(insert(table).values(**{**values, "id": chance.choice([0, LENGTH + 1])}))
        else:
            connection.execute(
                insert(table).values(
                    **values,
                )
            )
    elif kind == "swap":
        other = dict(connection.execute(select(table).where(table.c.id == victim + 1)).mappings().one())
        content = [{name: one[name] for name in (*COLUMNS, "chain") if name != "receipt"} for one in (row, other)]
        for place, values in ((victim, content[1]), (victim + 1, content[0])):
            connection.execute(update(table).where(table.c.id == place).values(**values))
    elif kind == "truncate":
        connection.execute(delete(lines).where(lines.c.enquiry_id > victim))
        connection.execute(delete(table).where(table.c.id > victim))
    elif kind == "chain":
        connection.execute(update(table).where(table.c.id == victim).values(chain=chance.randbytes(32)))
    else:
        change_lines(connection, lines, chance, move=kind == "move")
    return kind


def close_gap(connection, table, lines, victim):
    for number in range(victim + 1, LENGTH + 1):
        row = dict(connection.execute(select(table).where(table.c.id == number)).mappings().one())
        mine = connection.execute(select(lines).where(lines.c.enquiry_id == number)).mappings().all()
        connection.execute(delete(lines).where(lines.c.enquiry_id == number))
        connection.execute(delete(table).where(table.c.id == number))
        connection.execute(insert(table).values(**{**row, "id": number - 1}))
        for line in mine:
            connection.execute(insert(lines).values(**{**line, "enquiry_id": number - 1}))


def change_lines(connection, lines, chance, *, move):
    ids = connection.execute(select(lines.c.id)).scalars().all()
    victim = chance.choice(ids)
    this = lines.c.id == victim
    how = "move" if move else chance.choice(("ref", "shown", "delete", "insert"))
    if how == "ref":
        connection.execute(update(lines).where(this).values(subject_ref=new_ref()))
    elif how == "shown":
        connection.execute(update(lines).where(this).values(shown={"check": 77}))
    elif how == "delete":
        connection.execute(delete(lines).where(this))
    elif how == "insert":
        values = {"enquiry_id": chance.randrange(1, LENGTH), "subject_ref": new_ref(), "shown": {}}
        connection.execute(insert(lines).values(**values))
    else:
        owner = connection.execute(select(lines.c.enquiry_id).where(this)).scalar_one()
        connection.execute(update(lines).where(this).values(enquiry_id=owner % (LENGTH - 1) + 1))


def test_three_hundred_tamperings_are_all_found(filled, deployment):
    chance, kinds = random.Random(11), {}
    assert verify_log(filled.engine, deployment.keyring, filled.heads).whole
    for _ in range(300):
        with filled.engine.connect() as connection:
            change = connection.begin()
            kind = tamper(connection, chance)
            result = verify_log(Held(connection), deployment.keyring, filled.heads)
            change.rollback()
        assert not result.whole, f"not found: {kind}"
        assert result.bad_entry is not None
        kinds[kind] = kinds.get(kind, 0) + 1
    assert len(kinds) == 8
    assert verify_log(filled.engine, deployment.keyring, filled.heads).whole


class Held:
    """An engine whose one connection is the tamperer's own transaction."""

    def __init__(self, connection):
        self.connection, self.dialect = connection, connection.dialect

    def connect(self):
        return self

    def execution_options(self, **_):
        return self

    def __enter__(self):
        return self.connection

    def __exit__(self, *_):
        return None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE enquiries SET shown = 'not json' WHERE id = 5",
        "UPDATE enquiries SET chain = 'text' WHERE id = 5",
        "UPDATE enquiries SET asked_at = 'yesterday' WHERE id = 5",
        "UPDATE enquiry_subjects SET shown = '[' WHERE enquiry_id = 4",
        "INSERT INTO enquiry_subjects (enquiry_id, subject_ref, shown) VALUES (0, 'x', '{}')",
        "INSERT INTO enquiry_subjects (enquiry_id, subject_ref, shown) VALUES (-3, 'x', '{}')",
        "INSERT INTO enquiry_subjects (enquiry_id, subject_ref, shown) VALUES (900, 'x', '{}')",
    ],
)
def test_what_cannot_be_read_is_found_not_raised(filled, deployment, databases, change):
    if databases.kind == "postgresql":
        pytest.skip("PostgreSQL keeps the types and the foreign key itself")
    with filled.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(change)
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("BEGIN")
        connection.commit()
    assert not verify_log(filled.engine, deployment.keyring, filled.heads).whole


@pytest.mark.parametrize(
    "body", ["{}", "[]", '"text"', "not json", '{"id": 1, "chain": "zz", "at": "", "signature": "00"}']
)
def test_a_head_that_is_none_is_found(filled, deployment, body):
    (filled.heads / "000000000003.json").write_text(body, encoding="utf-8")
    assert not verify_log(filled.engine, deployment.keyring, filled.heads).whole


def test_a_cut_above_the_last_head_is_not_claimed_to_be_found(filled, deployment):
    filled.append(entry(30))
    with filled.engine.begin() as connection:
        connection.execute(delete(Enquiry.__table__).where(Enquiry.id == LENGTH + 1))
    result = verify_log(filled.engine, deployment.keyring, filled.heads)
    assert (result.whole, result.last_head, result.entries) == (True, LENGTH, LENGTH)


def test_verifying_keeps_no_writer_waiting(filled, deployment, databases):
    if databases.kind == "postgresql":
        pytest.skip("readers never hold writers up on PostgreSQL")
    with _snapshot(filled.engine) as reading:
        reading.execute(select(func.count()).select_from(Enquiry)).scalar_one()
        started = time.monotonic()
        filled.append(entry(99))
        assert time.monotonic() - started < 5


def test_heads_leave_every_thousand_entries_or_minute(log):
    log.append(entry(0))
    log.append(entry(59))
    assert len(list(log.heads.glob("*.json"))) == 1
    log.append(entry(60))
    assert len(list(log.heads.glob("*.json"))) == 2


def test_the_speed_of_verification_is_told(log, deployment, record_property):
    rows, previous = 4000, bytes(32)
    values = []
    for number in range(1, rows + 1):
        one = entry(number)
        content = {name: getattr(one, name) for name in CHAINED}
        previous = chain_of(previous, content, [])
        values.append({"id": number, **content, "chain": previous})
    with log.engine.begin() as connection:
        connection.execute(insert(Enquiry), values)
    started = time.perf_counter()
    result = verify_log(log.engine, deployment.keyring, log.heads)
    took = time.perf_counter() - started
    assert (result.whole, result.entries) == (True, rows)
    record_property("entries_per_second", round(rows / took))
    print(f"verification: {rows / took:,.0f} entries/s")
