"""The house rules that a machine can hold: directions of imports, one place that commits, sizes, no real data."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("models", "credit", "scoring", "reports", "api")
MAY_COMMIT = {"api/database.py", "api/ticker.py", "models/migrate.py", "scoring/evaluate.py"}
LARGEST_MODULE = 450


def python_files():
    return [
        path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "versions" not in str(path)
    ]


def test_import_contracts_hold():
    """All contracts of pyproject.toml."""
    script = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run([script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:]


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_commits_below_the_entrances(path):
    name = str(path.relative_to(ROOT))
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    allowed = name in MAY_COMMIT or name.startswith(("api/commands/", "api/sample/"))
    assert allowed or not calls, f"{name} commits in lines {calls}"


@pytest.mark.parametrize("package", ["models", "credit", "scoring", "reports"])
def test_no_rule_reads_the_clock(package):
    """Below api every day and moment is a parameter."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("today", "now", "utcnow"):
                owner = node.value
                named = isinstance(owner, ast.Name) and owner.id in ("date", "datetime")
                assert not named, f"{path.relative_to(ROOT)}:{node.lineno} reads the clock"


def test_only_disclosure_compares_the_columns_of_visibility():
    """standing, publish_*, share_until, use_until, query_until are compared in one place."""
    columns = {"publish_from", "share_until", "use_until", "query_until"}
    judges = {"credit/disclosure.py", "credit/disclosure_sql.py"}
    for path in python_files():
        name = str(path.relative_to(ROOT))
        if name in judges or name.startswith("models/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                used = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)} & columns
                assert not used, f"{name}:{node.lineno} compares {used}"


def test_modules_stay_readable():
    """Above the budget a module is split, not excused."""
    large = {
        str(path.relative_to(ROOT)): count
        for path in python_files()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LARGEST_MODULE
    }
    assert not large


def test_the_tree_holds_no_secret_and_no_address_of_an_index():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert not [
        name for name in listed if name.startswith("instance/") and not name.endswith((".example.py", "README.md"))
    ]
    assert not [name for name in listed if name.endswith((".key", ".pem", ".sqlite"))]
