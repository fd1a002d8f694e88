"""Inference judged on the real files: a truth table of what their columns mean, and the same after transformations.

``truth/beijing.yaml`` was written by eye; it holds facts about columns, no rows. Thresholds are those of the issue. The
figures stand for all files; half of them was held out when the rules were first written (see ``test_hold_out``).
"""

import csv
import random
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from credit.catalogue import load_catalogue
from credit.collection.infer import infer_table
from credit.collection.infer_headers import strip_header
from credit.collection.infer_table import find_header, read_grid
from credit.identifiers import scrub
from credit.names import looks_like_person

sys.path.insert(0, str(Path(__file__).parent))
from invented import JUDGED

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data"
TRUTH = Path(__file__).parent / "truth" / "beijing.yaml"
CATALOGUE = load_catalogue()
ROWS = 120
TITLES = (
    ["关于公开有关信息的情况汇总"],
    ["填报单位：（盖章）", "", "2024年1月5日"],
    [],
    ["说明：以下数据按月更新，请以原件为准。"],
)

pytestmark = [pytest.mark.real, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")]


@lru_cache(maxsize=1)
def truth():
    content = yaml.safe_load(TRUTH.read_text(encoding="utf-8"))
    files = {}
    for name, entry in content["files"].items():
        columns = dict(content["layouts"][entry["layout"]]) if "layout" in entry else {}
        columns.update(entry.get("columns", {}))
        columns = {key if key.startswith("#") else strip_header(key)[0]: means for key, means in columns.items()}
        files[name] = {**entry, "columns": columns}
    return files


@lru_cache(maxsize=1)
def paths():
    return {path.name: path for path in DATA.rglob("*") if path.is_file()}


@lru_cache(maxsize=64)
def grid_of(name):
    return read_grid(paths()[name])


@lru_cache(maxsize=64)
def inferred(name):
    grid = grid_of(name)
    return infer_table(grid, find_header(grid), name, CATALOGUE)


def wanted(name, header):
    """The truth per column place: the set of right answers."""
    columns = truth()[name]["columns"]
    width = max(len(header), max(len(row) for _, row in grid_of(name).sample[:50]))
    cells = [strip_header(header[i])[0] if i < len(header) else "" for i in range(width)]
    return [
        str(columns[cell] if cell and cell in columns else columns.get(f"#{i}", "ignore")).split("|")
        for i, cell in enumerate(cells)
    ]


class Score:
    """Counts of right, wrong and missed columns, of errors at high confidence, and of items."""

    def __init__(self):
        self.counts = Counter()
        self.errors = []

    def add(self, name, answers, inference, order=None):
        found = {column.index: column for column in inference.columns}
        for place, right in enumerate(answers if order is None else [answers[i] for i in order]):
            column = found.get(place)
            means = column.means if column else "ignore"
            asked = JUDGED.intersection(right)
            if means not in JUDGED and not asked:
                continue
            good = means in right
            self.counts["right"] += good and means in JUDGED
            self.counts["wrong"] += not good and means in JUDGED
            empty = column is None or not column.samples
            self.counts["missed"] += (
                not good and bool(asked) and "ignore" not in right and not (empty and inference.header_row is None)
            )
            if not good:
                confidence = column.confidence if column else 0.0
                self.counts["sure_and_wrong"] += confidence >= 0.9
                self.errors.append(f"{name} 列{place}：应为 {'|'.join(right)}，得 {means}（{confidence}）")
        self.counts["files"] += 1
        good_item = str(inference.item) in str(truth()[name]["item"]).replace("null", "None").split("|")
        self.counts["items"] += good_item
        if not good_item:
            self.errors.append(f"{name}：信息项得 {inference.item}")

    @property
    def precision(self):
        return self.counts["right"] / (self.counts["right"] + self.counts["wrong"])

    @property
    def recall(self):
        return self.counts["right"] / (self.counts["right"] + self.counts["missed"])

    def hold(self, precision, recall, item=0.95):
        told = "\n".join([f"precision {self.precision:.4f} recall {self.recall:.4f} {dict(self.counts)}", *self.errors])
        assert self.precision >= precision, told
        assert self.recall >= recall, told
        assert self.counts["items"] >= item * self.counts["files"], told
        assert self.counts["sure_and_wrong"] == 0, told


def test_as_published():
    score = Score()
    for name, entry in truth().items():
        grid = grid_of(name)
        header = find_header(grid)
        assert header.row == entry["header_row"], name
        assert grid.encoding == entry["encoding"], name
        assert grid.container == entry.get("container", "csv"), name
        inference = inferred(name)
        score.add(name, wanted(name, header.cells), inference)
        if "amount_unit" in entry:
            assert inference.amount_unit == entry["amount_unit"], name
    score.hold(0.99, 0.97)


def test_rows_are_counted_as_a_spreadsheet_shows_them():
    counts = {"经营异常企业信息.csv.gz": 104_259, "整理收集市场监管部门对商标印制单位行政处罚信息名单.csv": 13}
    for name, rows in counts.items():
        assert inferred(name).rows == rows


def written(tmp_path, name, rows, encoding="utf-8"):
    path = tmp_path / name.removesuffix(".gz").removesuffix(".xlsx")
    with path.open("w", encoding=encoding, newline="", errors="replace") as stream:
        csv.writer(stream).writerows(rows)
    return path


def parts(name):
    """Rows above the header with it, the header, and some data rows, as text."""
    grid = grid_of(name)
    header = find_header(grid)
    first = -1 if header.row is None else header.row
    return list(header.cells), [row for number, row in grid.sample if number > first][:ROWS], header


def judge(tmp_path, change, *, expect_row, precision, recall, item=0.95, limit=ROWS, every=1):
    score = Score()
    for name in sorted(truth())[::every]:
        cells, rows, header = parts(name)
        answers = wanted(name, header.cells)
        table, order, encoding = change(cells, rows[:limit], len(answers))
        path = written(tmp_path, name, table, encoding)
        grid = read_grid(path)
        found = find_header(grid)
        expected = expect_row if header.row is not None else None
        assert found.row == expected, f"{name}：表头行 {found.row}"
        assert grid.encoding == {"utf-16": "utf-16", "gbk": "gb18030"}.get(encoding, encoding), name
        score.add(name, answers, infer_table(grid, found, name, CATALOGUE), order)
    score.hold(precision, recall, item)


def test_title_rows_above(tmp_path):
    judge(
        tmp_path,
        lambda cells, rows, _: ([*TITLES, cells, *rows] if cells else rows, None, "utf-8"),
        expect_row=len(TITLES), precision=0.99, recall=0.97,
    )  # fmt: skip


def test_columns_shuffled(tmp_path):
    def shuffle(cells, rows, width):
        order = list(range(width))
        if not cells:
            return rows, None, "utf-8"
        random.Random(20_260_101).shuffle(order)
        padded = [[*row, *[""] * (width - len(row))] for row in ([cells, *rows])]
        return [[row[i] for i in order] for row in padded], order, "utf-8"

    judge(tmp_path, shuffle, expect_row=0, precision=0.99, recall=0.97)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_other_encodings(tmp_path, encoding):
    judge(
        tmp_path, lambda cells, rows, _: ([cells, *rows] if cells else rows, None, encoding),
        expect_row=0, precision=0.99, recall=0.97, limit=60, every=3,
    )  # fmt: skip


def test_header_deleted(tmp_path):
    judge(tmp_path, lambda _, rows, __: (rows, None, "utf-8"), expect_row=None, precision=0.98, recall=0.9)


def test_samples_show_no_number_and_no_person():
    for name in truth():
        for column in inferred(name).columns:
            for sample in column.samples:
                assert scrub(sample) == sample, (name, column.index)
                assert not looks_like_person(sample) or "*" in sample or "某" in sample, (name, column.index)
