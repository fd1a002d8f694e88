"""The request is the transaction: good answers are kept, refused ones leave nothing, a failed commit does not answer."""

from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from api.database import EXTENSION, get_session
from credit.accounts import find_account
from credit.errors import Conflict
from models.accounts import Account
from models.enquiries import Enquiry
from models.terms import Role
from tests.factories import make_account

CANARY = "INSERT INTO canary-4711"


def act_as(app, view):
    app.view_functions["tokens.issue_token"] = view
    return app.test_client().post("/api/v1/tokens")


def test_a_good_answer_is_kept(app, session):
    def view():
        make_account(get_session(), role=Role.auditor, name="kept")
        return "ok"

    assert act_as(app, view).status_code == 200
    assert find_account(session, "kept") is not None


def test_a_refused_one_leaves_nothing(app, session):
    def view():
        make_account(get_session(), role=Role.auditor, name="gone")
        raise Conflict

    assert act_as(app, view).status_code == 409
    assert find_account(session, "gone") is None


def test_a_failed_one_leaves_nothing(app, session):
    def view():
        make_account(get_session(), role=Role.auditor, name="gone")
        return {}["missing"]

    assert act_as(app, view).status_code == 500
    assert find_account(session, "gone") is None


def test_a_failed_commit_is_no_answer_and_is_logged(app, session, deployment, caplog):
    def view():
        own = get_session()
        make_account(own, role=Role.auditor, name="gone")

        @event.listens_for(own, "before_commit")
        def fail(_session):
            raise OperationalError(CANARY, {}, Exception("disk full"))

        return "promised"

    answer = act_as(app, view)
    assert (answer.status_code, answer.json["type"]) == (500, "internal-error")
    assert "promised" not in answer.text and CANARY not in answer.text + caplog.text
    assert find_account(session, "gone") is None
    with deployment.enquiry_log.engine.connect() as log:
        assert log.execute(select(Enquiry.action, Enquiry.outcome)).all() == [("commit", "failed")]


def test_reading_takes_no_write_lock(app, session):
    """A reader beside an open writer answers at once (on SQLite it would otherwise wait half a minute)."""
    session.add(make_account(session, role=Role.auditor))
    session.flush()

    def view():
        return str(len(get_session().scalars(select(Account.name)).all()))

    app.view_functions["health.show_health"] = view
    assert app.test_client().get("/health").text == "0"
    assert app.extensions[EXTENSION]
