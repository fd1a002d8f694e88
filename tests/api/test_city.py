"""The exchange as commands and page, against the simulated city platform; the demonstration's neighbours hold it."""

import json
import secrets

import httpx
import pytest
import yaml

from api import ticker
from api.commands import city as commands
from api.sample.build import neighbours
from api.sample.city_rows import city_rows
from api.sample.district import make_plan
from credit.city.downward import CITY_DESCRIPTIONS
from credit.city.link import load_link
from credit.city.reconcile import city_status
from credit.collection.description import load_descriptions
from models.city import CityDifference
from tests import factories
from tests.credit.city.conftest import penalty, serving


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["city", *words])


@pytest.fixture
def beside(deployment):
    (deployment.instance / "sample" / "served").mkdir(parents=True)
    with neighbours(deployment.instance) as base:
        yield base


def test_commands_exchange_with_the_neighbour(run, beside, session):
    factories.accept(session, penalty())
    session.commit()
    pushed = run("push", "--json")
    assert json.loads(pushed.stdout) == {"collected": 1, "received": 1, "stopped": ""}
    assert json.loads(run("pull", "--json").stdout)["stopped"] == ""
    assert run("reconcile", "--since", "2026-01-01").exit_code == 0
    status = json.loads(run("status", "--json").stdout)
    assert (status["batches"], status["received"], status["lines"]) == (1, 1, 1)
    assert "已回执 1" in run("status").stdout


def test_without_a_city_the_commands_say_so_in_one_line(run):
    answer = run("push")
    assert answer.exit_code == 1
    assert "没有配置市平台" in answer.output and "Traceback" not in answer.output


def test_a_city_that_is_down_stops_politely(run, beside, deployment, session):
    path = deployment.instance / "connections.yaml"
    content = yaml.safe_load(path.read_text())
    content["hosts"] = ["127.0.0.1:1"]
    content["bases"] = dict.fromkeys(content["bases"], "http://127.0.0.1:1")
    path.write_text(yaml.safe_dump(content))
    factories.accept(session, penalty())
    session.commit()
    assert json.loads(run("push", "--json").stdout)["stopped"] == "市平台无法连接"
    assert run("reconcile").exit_code == 1


def test_the_transport_key_outlives_a_restart_and_the_file_is_private(deployment):
    (deployment.instance / "sample" / "served").mkdir(parents=True)
    keys = []
    for _ in range(2):
        with neighbours(deployment.instance):
            path = deployment.instance / "connections.yaml"
            keys.append(yaml.safe_load(path.read_text())["credentials"]["city-transport"])
            assert path.stat().st_mode & 0o077 == 0
            assert load_link(deployment.instance).box is not None
    assert keys[0] == keys[1]


def test_differences_are_on_the_operators_page(page_client, session):
    session.add(
        CityDifference(
            direction="up", code="SH-CF-01", day=factories.TODAY, ours=4, theirs=3, found_at=factories.NOW,
            lines=[{"ref": "ab" * 16, "kind": "record", "revision": 2, "what": "市平台缺少"}],
        )
    )  # fmt: skip
    session.commit()
    page = page_client("operator").get("/console/city").text
    assert "SH-CF-01" in page and "市平台缺少" in page and "ab" * 16 in page


def test_the_simulated_city_refuses_strangers_gaps_and_other_bytes(tmp_path):
    token = secrets.token_urlsafe(16)
    with serving(tmp_path, token) as server:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        assert httpx.get(f"{base}/news").status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{base}/nothing", headers=headers).status_code == 404
        assert httpx.get(f"{base}/news", params={"after": "x"}, headers=headers).status_code == 400
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        post = lambda number, digest: httpx.post(  # noqa: E731
            f"{base}/batches", headers={**headers, "X-Batch-Sequence": number, "X-Batch-Digest": digest}, content=b""
        )
        assert [post("2", empty).status_code, post("1", "0").status_code] == [409, 422]
        assert [post("1", empty).status_code, post("1", empty).json()["repeated"]] == [200, True]


def test_what_the_city_supplies_fits_its_descriptions():
    plan = make_plan(organisations=200)
    supply, news = city_rows(plan)
    assert (supply, news) == city_rows(plan)
    written = {
        one.rest.url.partition("/records/")[2]: {column.written for column in one.columns}
        for one in load_descriptions(CITY_DESCRIPTIONS)
    }
    assert supply
    for entry in supply:
        assert entry["row"].keys() - {"XDR_ZJHM", "SJLYDW"} <= written[entry["address"]]


def test_the_ticker_exchanges_and_compares_once_a_day(beside, deployment, session, monkeypatch):
    factories.accept(session, penalty())
    session.commit()
    rounds = []

    class Stop:
        def wait(self, _seconds):
            rounds.append(1)
            return len(rounds) > 2

    compared = []
    monkeypatch.setattr(commands, "compare", lambda *_words: compared.append(1))
    ticker.exchange_until(deployment, Stop())
    assert compared == [1]
    assert city_status(session).received == 1
