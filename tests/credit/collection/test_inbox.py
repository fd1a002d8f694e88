"""The file drop: only what is whole is taken, once, under our own names; what a killed run left goes on."""

import hashlib
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.commands import inbox as inbox_commands
from credit.collection import claims
from credit.collection.claims import claim_files, list_waiting, prepare_inbox, sweep
from credit.collection.inbox import take_inbox
from models.collection import Delivery
from models.records import CurrentRecord
from tests.credit.collection.taking import COLUMNS, describe
from tests.factories import NOW, TODAY, make_code

FIT = describe(files={"glob": ["*.csv", "*.zip"]})


def text(count, mark=""):
    rows = [
        [f"甲{number}公司", make_code(), f"沪罚{mark}〔2026〕{number}号", "2026-03-02", "区城管执法局", "内容"]
        for number in range(count)
    ]
    return "\n".join(",".join(row) for row in [list(COLUMNS), *rows]).encode() + b"\n"


def drop(folder, name, content, rows, sha256=None):
    (folder / name).write_bytes(content)
    said = {"sha256": sha256 or hashlib.sha256(content).hexdigest(), "rows": rows}
    (folder / f"{name}.manifest.json").write_text(json.dumps(said), encoding="utf-8")


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    prepare_inbox(tmp_path / "inbox")
    return tmp_path / "inbox"


def take(session, folder, now=NOW, describe=lambda name: FIT, stop=None):
    """Run over the folder; ended files by name. ``stop``: walk away after so many steps."""
    ended = {}
    ticks = iter(range(1_000_000))
    steps = take_inbox(session, folder, describe, clock=lambda: now + timedelta(microseconds=next(ticks)), today=TODAY)
    for number, step in enumerate(steps):
        session.commit()
        if step.ended or step.fault:
            ended[step.name] = step
        if number == stop:
            steps.close()
            break
    return ended


def inside(folder, state):
    return {
        json.loads(path.read_text(encoding="utf-8"))["file"]: path.parent
        for path in folder.glob(f"{state}/*/outcome.json")
    }


def records(session):
    return session.execute(select(func.count()).select_from(CurrentRecord)).scalar_one()


def test_a_whole_file_is_taken_once_and_ends_in_done(session, folder):
    content = text(3)
    drop(folder, "a.csv", content, 3)
    (report,) = take(session, folder)["a.csv"].reports
    assert (report.received, report.accepted) == (3, 3)
    assert session.execute(select(Delivery.name)).scalar_one() == "a.csv"
    done = inside(folder, "done")["a.csv"]
    assert (done / "data").read_bytes() == content
    assert json.loads((done / "outcome.json").read_text(encoding="utf-8"))["deliveries"][0]["received"] == 3
    assert not [path for path in folder.iterdir() if path.is_file()] and not list((folder / "work").iterdir())
    assert take(session, folder) == {}


@pytest.mark.parametrize("case", ["no manifest", "growing", "half a manifest", "hidden", "a link", "a folder"])
def test_what_is_not_whole_waits(session, folder, tmp_path, case):
    content = text(2)
    name = ".a.csv" if case == "hidden" else "a.csv"
    drop(folder, name, content, 2)
    if case == "no manifest":
        (folder / "a.csv.manifest.json").unlink()
    elif case == "growing":
        (folder / name).write_bytes(content[:-20])
    elif case == "half a manifest":
        (folder / "a.csv.manifest.json").write_text('{"sha256": "')
    elif case in ("a link", "a folder"):
        (folder / name).unlink()
        (folder / name).symlink_to("/etc/hostname") if case == "a link" else (folder / name).mkdir()
    before = sorted(path.name for path in folder.iterdir())
    assert take(session, folder, now=_just_now(folder)) == {}
    assert sorted(path.name for path in folder.iterdir()) == before
    assert records(session) == 0
    waiting = list_waiting(folder, now=_just_now(folder))
    assert [one.name for one in waiting] == (["a.csv"] if case in ("no manifest", "growing", "half a manifest") else [])
    if case == "growing":
        (folder / name).write_bytes(content)
        assert take(session, folder, now=_just_now(folder))["a.csv"].reports[0].accepted == 2


def _just_now(folder):
    newest = max(path.stat(follow_symlinks=False).st_mtime for path in [folder, *folder.iterdir()])
    return datetime.fromtimestamp(newest, UTC) + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("content", "rows", "sha256", "reason"),
    [
        (text(2), 2, "0" * 64, "摘要"),
        (text(2), 3, None, "清单为 3 行"),
        (b"\xff\xfe\xff", 1, None, "编码|字节|表头"),
        (zipped({"a.csv": text(2), "b.csv": text(2, "b")}), 5, None, "共 4 行"),
        (zipped({"a.csv": text(2), "b.zip": zipped({"c.csv": text(1)})}), 2, None, "压缩包内又有压缩包"),
    ],
    ids=["digest", "rows", "bytes", "rows in all members", "nested"],
)
def test_what_is_wrong_ends_in_rejected_with_its_reason_and_nothing_is_taken(
    session, folder, content, rows, sha256, reason
):
    drop(folder, "a.csv", content, rows, sha256)
    late = _just_now(folder) + timedelta(hours=1)
    assert re.search(reason, take(session, folder, now=late)["a.csv"].fault)
    rejected = inside(folder, "rejected")["a.csv"]
    assert re.search(reason, json.loads((rejected / "outcome.json").read_text(encoding="utf-8"))["reason"])
    assert (rejected / "data").read_bytes() == content
    assert records(session) == 0
    drop(folder, "a.csv", text(1), 1)
    assert take(session, folder, now=late)["a.csv"].reports[0].accepted == 1


def test_a_file_no_description_fits_is_rejected(session, folder):
    drop(folder, "a.csv", text(1), 1)
    assert "数据源描述" in take(session, folder, describe=lambda name: None)["a.csv"].fault


def test_every_member_of_an_archive_is_a_delivery_whatever_it_calls_itself(session, folder, tmp_path):
    members = {
        "../../escape.csv": text(2, "一"), "/abs.csv": text(3, "二"), "a\\b\\CON.csv": text(1, "三"),
        "__MACOSX/x": b"junk", "sub/": b"",
    }  # fmt: skip
    drop(folder, "all.zip", zipped(members), 6)
    asked = []
    reports = take(session, folder, describe=lambda name: asked.append(name) or FIT)["all.zip"].reports
    assert asked == ["escape.csv", "abs.csv", "CON.csv"]
    assert [report.accepted for report in reports] == [2, 3, 1]
    assert {path.name for path in tmp_path.iterdir()} <= {"inbox", "instance"}
    assert not list(inside(folder, "done")["all.zip"].glob("members"))


def test_names_are_never_paths(session, folder):
    name = "甲\n\x1b[31m.csv"
    drop(folder, name, text(1), 1)
    (told,) = take(session, folder)
    assert told == "甲??[31m.csv"
    assert all(len(path.name) == 26 for path in (folder / "done").iterdir())


@pytest.mark.parametrize("stop", [0, 1, 2, 3])
def test_what_a_killed_run_left_goes_on(session, folder, monkeypatch, stop):
    monkeypatch.setattr("credit.collection.carriers.files.Table.pages.__defaults__", (2,))
    drop(folder, "a.csv", text(7), 7)
    take(session, folder, stop=stop)
    session.rollback()
    assert len(list((folder / "work").iterdir())) == 1
    (report,) = take(session, folder)["a.csv"].reports
    assert (report.received, records(session)) == (7, 7)
    assert session.execute(select(func.count()).select_from(Delivery)).scalar_one() == 1
    assert "a.csv" in inside(folder, "done")


@pytest.mark.parametrize("point", ["ticket", "manifest"])
def test_a_claim_torn_between_its_renames_is_taken_up(session, folder, monkeypatch, point):
    drop(folder, "a.csv", text(2), 2)
    real, left = Path.rename, iter([point == "manifest"])

    def rename(source, target):
        if next(left, False):
            return real(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(claims.Path, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        take(session, folder)
    monkeypatch.setattr(claims.Path, "rename", real)
    session.rollback()
    assert take(session, folder)["a.csv"].reports[0].accepted == 2
    assert not list((folder / "work").iterdir())


def test_two_runs_never_hold_the_same_file(folder):
    for number in range(6):
        drop(folder, f"{number}.csv", text(1), 1)
    first, second = claim_files(folder, now=NOW), claim_files(folder, now=NOW)
    held = [next(first), next(second), next(first), next(second), next(second), next(first)]
    assert sorted(claim.name for claim in held) == [f"{number}.csv" for number in range(6)]
    assert list(claim_files(folder, now=NOW)) == []
    for claim in held:
        claim.release()
    again = list(claim_files(folder, now=NOW))
    assert sorted(claim.name for claim in again) == [f"{number}.csv" for number in range(6)]
    for claim in again:
        claim.release()


def test_a_database_that_is_away_leaves_the_file_claimed(session, folder, monkeypatch):
    drop(folder, "a.csv", text(1), 1)
    with monkeypatch.context() as patch:
        patch.setattr("credit.collection.inbox.collect_file", _away)
        assert take(session, folder)["a.csv"].fault == "OSError"
    assert inside(folder, "rejected") == {}
    assert take(session, folder)["a.csv"].reports[0].accepted == 1


def _away(*_, **__):
    raise OSError("away")
    yield


def test_bytes_of_settled_files_go_after_their_time_and_the_outcome_stays(session, folder):
    drop(folder, "a.csv", text(1), 1)
    take(session, folder)
    done = inside(folder, "done")["a.csv"]
    newest = _just_now(done)
    assert sweep(folder, now=newest) == 0
    assert sweep(folder, now=newest + claims.KEPT + timedelta(days=1)) == 1
    assert not (done / "data").exists() and (done / "outcome.json").exists()


def test_the_command_takes_the_folder_and_tells_what_waits(app, session, deployment, folder, monkeypatch):
    monkeypatch.setattr(inbox_commands, "load_descriptions", lambda: [FIT])
    drop(folder, "a.csv", text(2), 2)
    (folder / "b.csv").write_bytes(text(1))
    runner = app.test_cli_runner()
    ran = runner.invoke(args=["collect", "inbox", str(folder), "--json"])
    assert ran.exit_code == 0, ran.output
    taken, waiting = (json.loads(line) for line in ran.stdout.splitlines())
    assert (taken["file"], taken["deliveries"][0]["accepted"]) == ("a.csv", 2)
    assert waiting == {"file": "b.csv", "waiting": "没有清单文件"}
    drop(folder, "c.csv", text(2), 9)
    refused = runner.invoke(args=["collect", "inbox", str(folder)])
    assert refused.exit_code == 1 and "清单为 9 行" in refused.output
