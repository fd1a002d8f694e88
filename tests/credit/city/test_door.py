"""The door of every source: facts the city told before are joined, news that waited is applied in the batch's transaction."""

import pytest
from sqlalchemy import func, select

from credit.collection import batches
from credit.collection.description import read_description
from credit.collection.run import collect_file
from credit.provenances import list_provenances
from models.records import CurrentRecord
from tests import factories
from tests.credit.city.conftest import penalty, supplied
from tests.credit.city.test_downward import news, pull, standing_of

pytestmark = pytest.mark.skipif(
    not hasattr(batches, "settle_batch"), reason="write_batch does not call screen_department and settle_batch yet"
)
HEADER = ("名称", "代码", "文号", "日期", "机关", "类型", "罚款")
MEANINGS = ("name", "uscc", "doc_no", "decision_date", "authority", "violation", "fine")


def take(session, folder, draft, clock, **more):
    """A department's file with one penalty."""
    description = read_description(
        {
            "name": "dept-penalties", "title": "处罚", "department": "区局", "carrier": "files", "item": "penalty",
            "columns": [
                {"column": column, "means": means} for column, means in zip(HEADER, MEANINGS, strict=True)
            ],
            **more,
        }
    )  # fmt: skip
    row = (
        draft.subject.name, draft.subject.code, draft.document_number, "2026-03-02", draft.authority, "虚假宣传", "5000",
    )  # fmt: skip
    path = folder / "a.csv"
    path.write_text("\n".join((",".join(HEADER), ",".join(row))), encoding="utf-8")
    report = None
    for step in collect_file(session, path, description, clock=clock, today=factories.TODAY):
        session.commit()
        report = step.report or report
    return report


def test_the_same_words_after_the_city_are_a_second_provenance(session, link, city, clock, tmp_path):
    draft = penalty()
    row = {name: value for name, value in supplied(draft)["row"].items() if name != "SJLYDW"}
    city.supply({"address": "SH-CF-01", "row": row})
    pull(session, link, clock)
    assert take(session, tmp_path, draft, clock).unchanged == 1
    key = session.execute(select(CurrentRecord.record_key)).scalar_one()
    assert [name for name, _batch, _row in list_provenances(session, key)] == ["city-penalties", "dept-penalties"]
    session.commit()
    city.supply(supplied(draft, SS="市平台的说法"))
    (report,) = pull(session, link, clock)
    assert report.unchanged == 1


def test_a_department_with_another_natural_key_stays_one_record(session, link, city, clock, tmp_path):
    draft = penalty()
    city.supply(supplied(draft))
    pull(session, link, clock)
    take(session, tmp_path, draft, clock, natural_key=["subject", "doc_no"])
    assert session.execute(select(func.count()).select_from(CurrentRecord)).scalar_one() == 1


def test_news_that_waited_is_applied_by_the_departments_batch(session, link, city, clock, tmp_path, mappings):
    draft = penalty()
    city.tell(news(draft))
    pull(session, link, clock, mappings)
    take(session, tmp_path, draft, clock)
    assert standing_of(session) == ["repaired"]
