from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.drafts import SubjectDraft
from credit.errors import NotFound, StandardInvalid
from credit.records import change_standing
from credit.subjects import SubjectRow, get_subject
from models.evaluations import Evaluation, EvaluationRun, ModelCard
from models.listings import Listing, ListingRemoval
from models.records import CurrentRecord
from models.subjects import SubjectChange
from models.terms import EventKind, Severity, SubjectKind
from scoring.card import Standard
from scoring.evaluate import (
    current_evaluation,
    evaluate_all,
    evaluate_subject,
    get_model,
    register_shipped,
    register_standard,
    standard_of,
)
from scoring.explain import explain, is_stale
from scoring.features import gather_histories
from scoring.refresh import drain_changes, refresh_stale
from scoring.standards import list_standards, load_standard, read_standard
from tests import factories

TODAY, NOW = factories.TODAY, factories.NOW
STANDARD = load_standard(list_standards()[0])


def run(
    session: Session, standard: Standard = STANDARD, *, as_of: date = TODAY, today: date = TODAY, **more: Any
) -> dict[str, Any]:
    return evaluate_all(session, standard, as_of=as_of, today=today, now=NOW, **more)


def stored(session: Session, subject: SubjectRow) -> Evaluation:
    evaluation = current_evaluation(session, subject.id, get_model(session, "comprehensive", today=TODAY).id)
    assert evaluation is not None
    return evaluation


def count(session: Session, table: Any) -> int:
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def penalised(session: Session, severity: Severity = Severity.serious, **changes: Any) -> SubjectRow:
    return factories.make_record(session, severity=severity, held_from=date(2026, 6, 1), **changes)


def test_a_run_stores_everybody_once_and_nothing_where_nothing_changed(session: Session) -> None:
    penalised(session)
    factories.make_enterprise(session)
    first = run(session)
    assert (first["evaluated"], first["written"], first["grades"]) == (2, 2, {"A": 0, "B": 1, "C": 1, "D": 0})
    second = run(session)
    assert (second["evaluated"], second["written"]) == (2, 0)
    assert count(session, Evaluation) == 2
    runs = session.execute(select(EvaluationRun).order_by(EvaluationRun.id)).scalars().all()
    assert [(one.evaluated, one.written) for one in runs] == [(2, 2), (2, 0)]
    assert runs[0].grades == first["grades"]


def test_pages_give_the_same_as_one_page_and_each_may_commit(session: Session) -> None:
    subjects = [penalised(session) for _ in range(7)]
    seen: list[int] = []

    def after_page(evaluated: int) -> None:
        seen.append(evaluated)
        session.commit()

    assert run(session, page=3, after_page=after_page)["evaluated"] == 7
    assert seen == [3, 6, 7]
    assert {stored(session, subject).grade for subject in subjects} == {"C"}
    assert run(session, page=100)["written"] == 0


def test_persons_and_government_are_never_evaluated(session: Session) -> None:
    person = factories.make_person(session)
    office = SubjectDraft(SubjectKind.government, "某某局", factories.make_code(kind="11"))
    factories.make_record(session, "registration", subject=office)
    assert run(session)["evaluated"] == 0
    assert evaluate_subject(session, STANDARD, person.id, as_of=TODAY, today=TODAY, now=NOW) is None


@pytest.mark.parametrize("kind", [EventKind.repaired, EventKind.withdrawn, EventKind.annulled, EventKind.objected])
def test_what_is_repaired_withdrawn_annulled_or_disputed_never_counts(session: Session, kind: EventKind) -> None:
    subject = penalised(session)
    run(session)
    assert stored(session, subject).grade == "C"
    key = session.execute(select(CurrentRecord.record_key)).scalar_one()
    change_standing(session, key, kind, cause="测试", effective_on=TODAY, known_at=NOW, actor="-")
    assert run(session)["written"] == 1
    evaluation = stored(session, subject)
    assert (evaluation.grade, evaluation.points, evaluation.vetoed_by) == ("B", 80_00, None)
    assert not any(line.get("records") for line in evaluation.contributions)


def test_what_is_past_its_use_never_counts_for_any_day(session: Session) -> None:
    subject = factories.make_record(session, severity=Severity.serious, held_from=date(2026, 6, 1))
    late = date(2032, 1, 1)
    histories = list(gather_histories(session, STANDARD, as_of=date(2026, 7, 1), today=late))
    assert [(one.subject_id, one.facts) for one in histories] == [(subject.id, ())]


def test_a_link_by_name_alone_supports_nothing(session: Session) -> None:
    firm = factories.make_enterprise(session, name="上海只此一家有限公司")
    by_name = SubjectDraft(SubjectKind.enterprise, "上海只此一家有限公司", None)
    factories.accept(
        session, factories.make_draft(subject=by_name, severity=Severity.serious, held_from=date(2026, 6, 1))
    )
    run(session)
    assert stored(session, firm).grade == "B"


def test_listings_count_from_their_first_to_their_last_day(session: Session) -> None:
    firm = factories.make_listing(session, "market-serious", held_from=date(2026, 4, 1), held_until=date(2026, 11, 20))
    run(session)
    evaluation = stored(session, firm)
    assert (evaluation.grade, evaluation.vetoed_by, evaluation.valid_until) == (
        "D",
        "veto_serious_listing",
        date(2026, 11, 21),
    )
    tomorrow = TODAY + timedelta(days=1)
    assert is_stale(evaluation, tomorrow)
    assert explain(STANDARD, evaluation, today=tomorrow).headline == "公共信用综合评价 重新计算中"
    assert refresh_stale(session, STANDARD, limit=10, today=tomorrow, now=NOW) == 1
    assert stored(session, firm).grade == "B"


def test_a_removed_listing_counts_no_longer(session: Session) -> None:
    firm = factories.make_listing(session, "judgment-debtor", held_from=date(2026, 4, 1))
    run(session)
    assert stored(session, firm).grade == "D"
    listing_id = session.execute(select(Listing.id)).scalar_one()
    session.add(ListingRemoval(listing_id=listing_id, reason="履行完毕", effective_on=TODAY, removed_at=NOW, actor="-"))
    session.flush()
    run(session)
    assert (stored(session, firm).grade, stored(session, firm).points) == ("B", 80_00)


def test_a_register_entry_without_listing_row_is_known_by_its_list(session: Session) -> None:
    firm = factories.make_listing(session, "abnormal-operation", document_number=None)
    warned = factories.make_listing(session, "estate-agency-warning", document_number=None)
    run(session)
    assert (stored(session, firm).points, stored(session, warned).points) == (75_00, 80_00)


def test_the_payload_field_of_an_inspection_decides(session: Session) -> None:
    firm = factories.make_record(session, "inspection", payload={"result": "未发现问题"})
    run(session)
    assert stored(session, firm).points == 81_00


@pytest.mark.parametrize(
    ("year", "points"), [(2024, 83_00), ("2024", 83_00), (2019, 80_00), (None, 83_00), ("去年", 83_00), (2027, 80_00)]
)
def test_a_fact_known_by_its_year_alone_counts_from_its_first_day(session: Session, year: Any, points: int) -> None:
    payload = {"content": "科技型中小企业"} | ({} if year is None else {"year": year})
    firm = factories.make_record(session, "honour", held_from=None, payload=payload)
    run(session)
    assert stored(session, firm).points == points


def test_amounts_and_texts(session: Session) -> None:
    firm = penalised(session, Severity.general, amount=123_456_78)
    run(session)
    explanation = explain(STANDARD, stored(session, firm), today=TODAY)
    assert explanation.headline == "公共信用综合评价 B"
    assert [reason.text for reason in explanation.reasons if reason.points] == [
        "近一年有一般行政处罚1件",
        "近三年罚款合计123,456.78元",
        "近三年有一般行政处罚1件",
    ]
    assert 80 + sum(reason.points for reason in explanation.reasons) == explanation.points


def test_the_day_moves_windows_and_an_unmoved_result_moves_its_own_end(session: Session) -> None:
    firm = factories.make_record(session, "registration", held_from=date(2020, 1, 1))
    assert run(session)["written"] == 1
    before = stored(session, firm)
    assert before.valid_until == date(2030, 1, 1)
    before.valid_until = date(2026, 12, 1)
    session.flush()
    assert run(session)["written"] == 0
    session.expire_all()
    assert stored(session, firm).valid_until == date(2030, 1, 1)


def test_an_earlier_day_is_counted_but_never_becomes_current(session: Session) -> None:
    firm = penalised(session)
    run(session)
    back = run(session, as_of=date(2026, 5, 1))
    assert (back["stored"], back["written"], back["grades"]["B"]) == (False, 0, 1)
    assert stored(session, firm).grade == "C"


def test_known_then_sees_what_we_knew_and_stores_nothing(session: Session) -> None:
    subject = SubjectDraft(SubjectKind.enterprise, "上海先后有限公司", factories.make_code())
    early, late = datetime(2026, 7, 1, 2, tzinfo=UTC), datetime(2026, 10, 1, 2, tzinfo=UTC)
    draft = factories.make_draft(subject=subject, severity=Severity.general, held_from=date(2026, 6, 1))
    factories.accept(session, draft, known_at=early, today=early.date())
    factories.accept(session, draft._replace(severity=Severity.serious), known_at=late, today=late.date())
    assert run(session)["grades"]["C"] == 1
    then = run(session, as_of=date(2026, 8, 1), known="then")
    assert (then["grades"]["B"], then["stored"]) == (1, False)
    assert run(session, as_of=date(2026, 8, 1))["grades"]["C"] == 1
    history = next(
        iter(
            gather_histories(
                session, STANDARD, as_of=date(2026, 6, 2), today=TODAY, known_until=early - timedelta(days=1)
            )
        )
    )
    assert history.facts == ()


def test_changes_are_drained_in_order_and_each_subject_evaluated(session: Session) -> None:
    firms = [penalised(session) for _ in range(3)]
    waiting = count(session, SubjectChange)
    assert waiting == 3
    assert drain_changes(session, STANDARD, limit=2, today=TODAY, now=NOW) == 2
    assert count(session, SubjectChange) == 1
    assert drain_changes(session, STANDARD, limit=5, today=TODAY, now=NOW) == 1
    assert drain_changes(session, STANDARD, limit=5, today=TODAY, now=NOW) == 0
    assert {stored(session, firm).grade for firm in firms} == {"C"}


def test_a_run_for_today_covers_the_changes_before_it_and_no_other(session: Session) -> None:
    penalised(session)
    run(session, as_of=TODAY - timedelta(days=1))
    assert count(session, SubjectChange) == 1
    run(session, after_page=lambda _evaluated: None if count(session, SubjectChange) > 1 else penalised(session))
    assert count(session, SubjectChange) == 1


def test_one_subject_equals_the_run(session: Session) -> None:
    firm = penalised(session)
    evaluation = evaluate_subject(session, STANDARD, firm.id, as_of=TODAY, today=TODAY, now=NOW)
    assert evaluation is not None
    assert run(session)["written"] == 0
    assert stored(session, get_subject(session, firm.ref)).id == evaluation.id


def test_an_edition_once_registered_is_never_another(session: Session) -> None:
    register_shipped(session, now=NOW)
    card = register_standard(session, STANDARD, now=NOW)
    assert (count(session, ModelCard), card.digest) == (len(list_standards()), STANDARD.digest)
    session.expire_all()
    assert standard_of(get_model(session, "comprehensive", today=TODAY)) == STANDARD
    changed = dict(STANDARD.body) | {"title": "另一个名字"}
    with pytest.raises(StandardInvalid, match="另立版本"):
        register_standard(session, read_standard(changed), now=NOW)


def test_a_tampered_card_is_refused(session: Session) -> None:
    card = ModelCard(
        name="x", version="1", title="x", use="comprehensive", digest=b"0" * 32, body=dict(STANDARD.body),
        registered_at=NOW, active_from=None,
    )  # fmt: skip
    with pytest.raises(StandardInvalid, match="摘要不符"):
        standard_of(card)


def test_an_unknown_model_is_said(session: Session) -> None:
    with pytest.raises(NotFound, match="没有名为 risk"):
        get_model(session, "risk", today=TODAY)


@pytest.fixture
def invoke(app: Any) -> Callable[..., Any]:
    def run_command(*arguments: str) -> Any:
        with app.app_context():
            return app.test_cli_runner().invoke(args=["evaluate", *arguments])

    return run_command


def test_the_command_prints_the_distribution_and_ends_with_json(session: Session, invoke: Callable[..., Any]) -> None:
    import json

    firm = penalised(session)
    session.commit()
    result = invoke("all")
    assert result.exit_code == 0, result.output
    assert "100.00 %" in result.stdout
    summary = json.loads(result.stdout.splitlines()[-1])
    assert {"model", "evaluated", "grades", "seconds"} <= set(summary)
    assert summary["grades"]["C"] == 1
    assert len(invoke("all", "--json").stdout.splitlines()) == 1
    shown = invoke("show", firm.code or "")
    assert "公共信用综合评价 C" in shown.stdout
    assert json.loads(invoke("show", firm.ref, "--json").stdout)["grade"] == "C"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("all", "--as-of", "2999-01-01"), "不能评价未来的日期"),
        (("all", "--model", "nothing"), "没有名为 nothing"),
        (("show", "91310106MA1FYOT61W"), "Error"),
        (("show", "440524188001010014"), "Error"),
    ],
)
def test_bad_input_is_one_line_and_no_traceback(
    invoke: Callable[..., Any], arguments: tuple[str, ...], said: str
) -> None:
    result = invoke(*arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output
    assert "440524188001010014" not in result.output
