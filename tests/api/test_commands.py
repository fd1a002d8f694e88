"""Commands of accounts and databases: help in sentences, one line on refusal, JSON where data is printed."""

import json

import click
import pytest

from api import create_app
from credit.accounts import find_account
from models.enquiries import Enquiry
from models.terms import Role
from tests.factories import PASSWORD, make_account, make_agency_row, make_department, make_enterprise

GROUPS = ("accounts", "db")


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *arguments, **more: runner.invoke(args=list(arguments), **more)


def commands(group):
    return [(group, name) for name in ("", *_group(group).commands)]


def _group(name):
    import importlib

    return getattr(importlib.import_module(f"api.commands.{name}"), name)


@pytest.mark.parametrize(("group", "name"), [pair for group in GROUPS for pair in commands(group)])
def test_help_is_a_full_sentence(group, name):
    command = _group(group).commands[name] if name else _group(group)
    assert command.help and command.help.strip().endswith("."), name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help and parameter.help.endswith("."), (name, parameter.name)


def test_an_account_from_the_command_line_signs_in(run, client, session):
    made = run("accounts", "create", "chen", "--role", "regulator", "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    otp = json.loads(run("accounts", "otp", "chen", "--json").stdout)["otp"]
    body = {"grant_type": "password", "account": "chen", "password": told["password"], "otp": otp}
    assert client.post("/api/v1/tokens", json=body).status_code == 200
    second = run("accounts", "otp", "chen").stdout.strip()
    assert second != otp
    assert client.post("/api/v1/tokens", json={**body, "otp": second}).status_code == 200


def test_a_token_by_hand_works_and_is_logged(run, client, session, deployment):
    make_account(session, role=Role.enterprise, name="firm")
    session.commit()
    token = run("accounts", "token", "firm", "--minutes", "60").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/authorisations", headers=headers).status_code == 200
    with deployment.enquiry_log.engine.connect() as connection:
        actions = connection.execute(Enquiry.__table__.select()).mappings().all()
    assert [(entry["account"], entry["action"]) for entry in actions] == [("firm", "token-by-hand")]


def test_an_agency_from_the_command_line_signs_in(run, client):
    told = json.loads(run("accounts", "agency", "bank-1", "--name", "某某银行", "--json").stdout)
    body = {"grant_type": "client_credentials", **told}
    assert client.post("/api/v1/tokens", json=body).status_code == 200


def test_accounts_belong_to_their_organisation(run, session):
    make_department(session, slug="tax")
    make_agency_row(session, client_id="bank-1")
    firm = make_enterprise(session)
    session.commit()
    typed = {"input": f"{PASSWORD}\n"}
    for name, role, option, value in [
        ("one", "department", "--department", "tax"),
        ("two", "agency", "--agency", "bank-1"),
        ("three", "enterprise", "--subject", firm.code),
    ]:
        done = run("accounts", "create", name, "--role", role, option, value, "--password-stdin", **typed)
        assert done.exit_code == 0, done.output
    session.rollback()
    assert find_account(session, "one").department_id
    assert find_account(session, "two").agency_id
    assert find_account(session, "three").subject_id == firm.id


@pytest.mark.parametrize(
    "arguments",
    [
        ("accounts", "create", "x y", "--role", "person"),
        ("accounts", "create", "zhang", "--role", "person", "--department", "nowhere"),
        ("accounts", "create", "zhang", "--role", "enterprise", "--subject", "91310000000000000X"),
        ("accounts", "create", "zhang", "--role", "enterprise", "--subject", "44052418800101001X"),
        ("accounts", "create", "zhang", "--role", "king"),
        ("accounts", "token", "nobody"),
        ("accounts", "token", "nobody", "--minutes", "0"),
        ("accounts", "otp", "nobody"),
        ("accounts", "disable", "nobody"),
        ("accounts", "password", "nobody"),
        ("db", "downgrade", "business", "9999", "--yes"),
    ],
)
def test_refusals_take_one_line(run, arguments):
    done = run(*arguments, input="short\n")
    assert done.exit_code != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "44052418800101001" not in done.stderr
    told = [line for line in done.stderr.splitlines() if line and not line.startswith(("Usage", "Try"))]
    assert len(told) == 1 and told[0].startswith("Error: ")


def test_a_closed_account_is_listed_and_gets_no_token(run, session):
    make_account(session, role=Role.person, name="zhang")
    session.commit()
    assert run("accounts", "disable", "zhang").exit_code == 0
    rows = [json.loads(line) for line in run("accounts", "list", "--json").stdout.splitlines()]
    assert [(row["account"], row["disabled"]) for row in rows] == [("zhang", True)]
    assert run("accounts", "token", "zhang").exit_code != 0


def test_upgrade_makes_an_instance_that_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    monkeypatch.setattr("sys.argv", ["flask", "db", "upgrade"])
    settings = {"credit_instance": tmp_path / "new"}
    bare = create_app(settings).test_cli_runner()
    refused = bare.invoke(args=["accounts", "list"])
    assert refused.exit_code == 1 and "flask db upgrade" in refused.stderr
    for _round in range(2):
        assert bare.invoke(args=["db", "upgrade"]).exit_code == 0
    current = bare.invoke(args=["db", "current", "--json"])
    assert current.exit_code == 0
    assert json.loads(current.stdout)["business"]["current"]
    ready = create_app(settings).test_client().get("/ready")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")


def test_not_ready_before_the_tables_are_there(tmp_path):
    from api.settings import load_settings, make_secrets

    settings = {"credit_instance": tmp_path / "new"}
    make_secrets(load_settings(settings, environ={}))
    client = create_app(settings).test_client()
    assert client.get("/health").status_code == 200
    ready = client.get("/api/v1/ready")
    assert (ready.status_code, ready.json["database"]) == (503, "behind")
