"""A number masked as courts publish it waits with its row; whole in no place, and never a subject by itself."""

import pytest

from credit.catalogue import load_catalogue
from credit.collection.description import check_description, read_description
from credit.collection.mapping import compile_mapping
from models.terms import SubjectKind
from tests.factories import TODAY

HEADER = ["名称", "证件", "文号", "决定日"]
CATALOGUE = load_catalogue()
MASKED = "4405241880****0014"


def read(*row, rules):
    columns = [
        {"column": column, "means": means}
        for column, means in zip(HEADER, ("name", "id_no", "doc_no", "decision_date"), strict=True)
    ]
    description = read_description(
        {
            "name": "t",
            "title": "测试",
            "department": "法院",
            "carrier": "files",
            "item": "penalty",
            "columns": columns,
            "constants": {"authority": "区人民法院"},
        }
    )
    item = check_description(description, CATALOGUE)
    return compile_mapping(description, item, CATALOGUE, rules, TODAY, HEADER)(row, 1)


def test_a_person_with_a_masked_number_is_read(deployment):
    result = read("赵大山", MASKED, "执〔2026〕1号", "2026-03-04", rules=deployment.rules)
    subject = result.draft.subject
    assert (subject.kind, subject.number, subject.code, subject.masked_number) == (
        SubjectKind.person, None, None, MASKED,
    )  # fmt: skip
    assert MASKED not in result.draft.natural_key


@pytest.mark.parametrize(
    ("name", "number"),
    [("赵*山", MASKED), ("赵某", MASKED), ("赵大山", "440524********0014"), ("赵大山", "4405****0014")],
)
def test_half_a_name_or_less_of_a_number_gives_nobody(deployment, name, number):
    result = read(name, number, "执〔2026〕1号", "2026-03-04", rules=deployment.rules)
    assert [fault.code for fault in result.faults] == ["PERSON_NOT_IDENTIFIED"]
