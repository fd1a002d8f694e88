"""The sample district 示范区 as files: what its departments would have sent until a day.

``write_district`` is the whole of it. The same seed, size and day give the same bytes. Files lie in one folder per
department; ``served/`` holds what the simulated neighbours of ``departments.py`` answer with, which no file
repeats.
"""

import json
from datetime import date
from pathlib import Path

from api.sample.business import business_sheets
from api.sample.city_rows import write_city
from api.sample.court import court_sheets
from api.sample.departments import CHANGED, write_exchange_database
from api.sample.organisations import make_organisations
from api.sample.others import other_sheets
from api.sample.people import make_people
from api.sample.plan import Plan
from api.sample.publicity import publicity_sheets
from api.sample.sheets import Row, Sheet, write_sheet
from api.sample.story import StorySubject, story_subjects
from api.sample.tax import A_CLASS_COLUMNS, ARREARS_COLUMNS, a_class_rows, arrears_rows, latest_quarter, tax_sheets

__all__ = ["StorySubject", "make_plan", "make_sheets", "story_subjects", "write_district"]

PEOPLE = 300
SERVED = "served"
CITY = "city"


def make_plan(seed: int = 20261120, organisations: int = 5000, day: date = date(2026, 11, 20)) -> Plan:
    """The district before any file: organisations and synthetic persons."""
    return Plan(seed, day, tuple(make_organisations(seed, organisations, day)), tuple(make_people(seed, PEOPLE)))


def make_sheets(plan: Plan) -> dict[str, list[Sheet]]:
    """Every file by the folder of its department."""
    return {
        "business": [*business_sheets(plan), *publicity_sheets(plan)],
        "tax": tax_sheets(plan),
        "court": court_sheets(plan),
        "others": other_sheets(plan),
    }


def write_district(
    directory: Path, seed: int = 20261120, organisations: int = 5000, day: date = date(2026, 11, 20)
) -> list[Path]:
    """Writes all files with their manifests and what the simulated neighbours serve; gives the paths of the
    department files.

    Takes about two seconds for 5,000 organisations. Existing files of the same names are replaced.
    """
    plan = make_plan(seed, organisations, day)
    written: list[Path] = []
    for department, sheets in make_sheets(plan).items():
        folder = directory / department
        folder.mkdir(parents=True, exist_ok=True)
        written += [write_sheet(folder, sheet) for sheet in sheets]
    _write_served(directory / SERVED, plan)
    write_city(directory / CITY, plan)
    return written


def _write_served(folder: Path, plan: Plan) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    announced = latest_quarter(plan.day)
    _write_rows(folder / "a-class.jsonl", A_CLASS_COLUMNS, a_class_rows(plan, plan.day.year - 1))
    arrears = arrears_rows(plan, announced, plan.rows(130))
    _write_rows(folder / "arrears.jsonl", ARREARS_COLUMNS, arrears)
    changed = [
        (*row, f"{announced.isoformat()}T{9 + place // 60 % 8:02d}:{place % 60:02d}:00+08:00")
        for place, row in enumerate(arrears)
    ]
    _write_rows(folder / "changes.jsonl", (*ARREARS_COLUMNS, CHANGED), changed)
    write_exchange_database(folder / "court.sqlite", plan)


def _write_rows(path: Path, columns: tuple[str, ...], rows: list[Row]) -> None:
    lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
