"""What the documents say is true: made from the code, compared with it."""

from pathlib import Path

import pytest

from api.commands.reference import reference_lines

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_page_is_what_the_code_says(app):
    with app.app_context():
        wanted = "\n".join(reference_lines()) + "\n"
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == wanted, (
        "run: flask reference > docs/reference.md"
    )


@pytest.mark.parametrize("target", ["make run", "make demo", "make test", "make check", "make bench"])
def test_the_readme_names_the_commands_that_exist(target):
    name = target.removeprefix("make ")
    assert target in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n{name}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_readme_opens_with_purpose_users_and_two_commands():
    head = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30])
    for word in ("公共信用信息", "officer", "enterprise", "agency", "make run", "make test"):
        assert word in head


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_lock_files_pin_with_hashes_and_name_no_address(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert any("--hash=sha256:" in line for line in lines)
    assert not [line for line in lines if "://" in line or "index-url" in line or "find-links" in line]
    pinned = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert pinned and all("==" in line for line in pinned)
