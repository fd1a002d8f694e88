"""Which edition counts: the shipped one until the database has a later one in force; what older ones held can be read."""

import copy
import time
from datetime import date

import pytest
import yaml

from credit.catalogue import ACTIVE_EDITION, load_catalogue, read_catalogue
from credit.catalogue_history import with_history
from credit.collection.description import check_description, read_description
from credit.deployment import open_session
from credit.edition_diff import diff_catalogues
from credit.editions import ensure_edition, item_body
from credit.errors import OutsideCatalogue
from credit.published_lists import LOOK_AGAIN_SECONDS, ListShelf
from models.editions import EditionProposal
from models.session import make_engine
from tests.factories import NOW


@pytest.fixture
def content():
    return yaml.safe_load(ACTIVE_EDITION.read_text(encoding="utf-8"))


def narrowed(content):
    made = copy.deepcopy(content)
    made["edition"] = "2027-1"
    made["items"] = [item for item in made["items"] if item["category"] != "contract"]
    del made["categories"]["contract"]
    del next(item for item in made["items"] if item["code"] == "honour")["fields"]["reason"]
    return made


def enter(session, content, edition, active_from, state="in_force"):
    plain = yaml.safe_load(yaml.safe_dump(content, allow_unicode=True))
    plain["effective_from"] = str(active_from)
    proposal = EditionProposal(
        ref=f"ref-{edition}", list_name="catalogue", edition=edition, title="x", content=plain, digest=b"", against="2026-1",
        punitive=False, state=state, proposed_at=NOW, active_from=active_from,
    )  # fmt: skip
    session.add(proposal)
    session.commit()
    return proposal


def test_what_an_older_edition_held_is_read_and_not_collected(content):
    old, new = load_catalogue(), read_catalogue(narrowed(content))
    joined = with_history(new, [old])
    assert joined.items["contract"].retired
    assert joined.categories["contract"] == "有关合同履行信息"
    honour = joined.items["honour"]
    assert honour.fields["reason"].retired
    assert not honour.retired
    assert "reason" not in honour.open_fields
    assert joined.open_items.keys() == new.items.keys()
    with pytest.raises(OutsideCatalogue):
        honour.get_field("reason")
    assert diff_catalogues(new, joined) == []
    assert [field["name"] for field in item_body(honour)["fields"]] == list(new.items["honour"].fields)


@pytest.mark.parametrize("constants", [{}, {"reason": "年度评选"}])
def test_a_retired_field_is_fed_by_no_column_and_no_constant(content, constants):
    joined = with_history(read_catalogue(narrowed(content)), [load_catalogue()])
    columns = [("名称", "name"), ("荣誉", "content"), *([] if constants else [("类别", "reason")])]
    description = read_description(
        {
            "name": "honours", "title": "荣誉", "department": "区科委", "carrier": "files", "item": "honour",
            "columns": [{"column": header, "means": means} for header, means in columns], "constants": constants,
        }
    )  # fmt: skip
    check_description(description, load_catalogue())
    with pytest.raises(OutsideCatalogue):
        check_description(description, joined)


@pytest.mark.parametrize(
    ("active_from", "state", "edition"),
    [
        (date(2027, 1, 1), "in_force", "2027-1"),
        (date(2026, 1, 1), "in_force", "2027-1"),
        (date(2025, 12, 31), "in_force", "2026-1"),
        (date(2027, 1, 1), "published", "2026-1"),
        (date(2027, 1, 1), "reviewed", "2026-1"),
        (date(2027, 1, 1), "replaced", "2026-1"),
    ],
)
def test_the_later_edition_in_force_counts(session, deployment, content, active_from, state, edition):
    enter(session, narrowed(content), "2027-1", active_from, state)
    deployment.lists.refresh()
    assert deployment.catalogue.edition == edition
    assert deployment.lists.current.editions["catalogue"].edition == edition


def test_an_edition_replaced_by_a_third_stays_readable(session, deployment, content):
    extra = narrowed(content)
    honour = next(item for item in extra["items"] if item["code"] == "honour")
    extra["items"].append({**copy.deepcopy(honour), "code": "short_lived", "name": "短期项目"})
    enter(session, extra, "2027-1", date(2027, 1, 1), "replaced")
    enter(session, narrowed(content), "2027-2", date(2027, 2, 1))
    deployment.lists.refresh()
    assert deployment.catalogue.edition == "2027-2"
    assert {"short_lived", "contract"} <= {code for code, item in deployment.catalogue.items.items() if item.retired}
    with open_session(deployment) as later:
        ensure_edition(later, deployment.catalogue, NOW)


def test_another_process_sees_it_within_a_second(session, deployment, content):
    other = ListShelf(deployment.engine, deployment.lists.shipped)
    other.look()
    enter(session, narrowed(content), "2027-1", date(2027, 1, 1))
    other.look()
    assert other.current.catalogue.edition == "2026-1", "it looks once a second, not at every question"
    time.sleep(LOOK_AGAIN_SECONDS)
    other.look()
    assert other.current.catalogue.edition == "2027-1"
    kept = other.current
    other.refresh()
    assert other.current is kept, "what did not change is not read again"


def test_a_database_that_is_not_migrated_yet_changes_nothing(deployment, tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    shelf = ListShelf(engine, deployment.lists.shipped)
    shelf.look()
    assert shelf.current is shelf.shipped
    engine.dispose()
