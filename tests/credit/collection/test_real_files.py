"""The described real files, where they are: every row a draft or a reason, and no citizen number kept."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from credit.catalogue import load_catalogue
from credit.collection.carriers.files import open_table
from credit.collection.description import check_description, load_descriptions, match_description
from credit.collection.mapping import compile_mapping
from credit.identifiers import code_fault, number_fault
from credit.publication import load_rule_pack

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data"
TODAY = date(2026, 11, 20)
EXPECTED = {
    "bj-registry": (15_024, 15_024),
    "bj-new-registrations": (8_376, 8_376),
    "bj-tax-penalties": (2_332, 2_060),
    "bj-abnormal-operation": (104_259, 104_259),
    "bj-court-seizures": (716, 700),
    "bj-yanqing-penalties": (481, 475),
    "bj-minors-penalties": (94, 94),
    "bj-miyun-environment-penalties": (43, 29),
    "bj-planning-penalties": (357, 265),
    "bj-zhongguancun-hightech": (9_461, 9_450),
    "bj-sme-technology": (8_202, 8_200),
    "bj-car-rental-grades": (1_176, 1_170),
}

pytestmark = [pytest.mark.real, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")]

_number = re.compile(r"(?<![0-9A-Z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Z])").findall


def described_files():
    descriptions = load_descriptions()
    paths = sorted(path for path in DATA.rglob("*") if path.is_file()) if DATA.is_dir() else []
    return [(found, path) for path in paths if (found := match_description(descriptions, path.name))]


def test_every_row_has_a_draft_or_a_reason_and_no_number_is_kept():
    catalogue = load_catalogue()
    pack = load_rule_pack(sorted((ROOT / "credit/reference/rules").glob("*.yaml"))[-1])
    received, drafted = Counter(), Counter()
    for description, path in described_files():
        item = check_description(description, catalogue)
        with open_table(path, description) as table:
            map_row = compile_mapping(description, item, catalogue, pack, TODAY, table.header)
            for page in table.pages():
                for number, row in enumerate(page.rows, page.first_row_number):
                    result = map_row(row, number)
                    received[description.name] += 1
                    drafted[description.name] += result.draft is not None
                    assert bool(result.draft) != bool(result.faults)
                    shown = "\x1f".join(result.raw) + "".join(fault.message for fault in result.faults)
                    if result.draft:
                        shown += str(result.draft.payload) + str(result.draft.natural_key)
                    found = [
                        n for n in _number(shown) if number_fault(n.upper(), TODAY) is None and code_fault(n.upper())
                    ]
                    assert not found, f"a citizen number was kept from row {number} of {description.name}"
            assert table.received == table.rows_in_file
    for name, (rows, least) in EXPECTED.items():
        assert received[name] == rows, name
        assert drafted[name] >= least, name
