"""The catalogue: what is in the edition, what it refuses, what differs between editions."""

import copy
from pathlib import Path
from typing import get_args

import pytest
import yaml

from credit.catalogue import ACTIVE_EDITION, get_item, load_catalogue
from credit.collection.description import CADENCES, Carrier
from credit.edition_diff import diff_catalogues
from credit.errors import DescriptionInvalid, ForbiddenAttribute, OutsideCatalogue
from models.terms import SubjectKind

CONTRACT_ITEMS = {
    *("registration", "licence", "penalty", "coercion", "inspection", "listing", "honour", "grade", "tax_arrears"),
    *("tax_violation", "judgment", "enforcement", "contract", "commitment", "objection"),
}


@pytest.fixture
def content():
    return yaml.safe_load(ACTIVE_EDITION.read_text(encoding="utf-8"))


def written(tmp_path: Path, content) -> Path:
    path = tmp_path / "catalogue.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_edition_holds_every_item_of_the_contract_with_basis_and_key():
    catalogue = load_catalogue()
    assert set(catalogue.items) >= CONTRACT_ITEMS
    for item in catalogue.items.values():
        assert item.basis and item.category_name and item.natural_key[0] == "subject"


def test_first_line_of_data_is_its_source():
    lines = [line for line in ACTIVE_EDITION.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line.split(":")[0] for line in lines[:3]] == ["source", "edition", "effective_from"]


@pytest.mark.parametrize("item", ["registration", "honour", "grade", "inspection", "tax_arrears"])
def test_items_about_organisations_only(item):
    assert SubjectKind.person not in load_catalogue().items[item].subject_kinds


@pytest.mark.parametrize("item", ["penalty", "listing", "judgment"])
def test_items_about_persons_too(item):
    assert SubjectKind.person in load_catalogue().items[item].subject_kinds


def test_every_item_says_who_supplies_it_how_and_how_often():
    for item in load_catalogue().items.values():
        assert item.provider, item.code
        assert {*get_args(Carrier), "entry"} >= set(item.carriers) > set(), item.code
        assert item.cadence in CADENCES, item.code


def test_outside_the_catalogue_is_refused():
    catalogue = load_catalogue()
    with pytest.raises(OutsideCatalogue):
        get_item(catalogue, "social_credit_of_pets")
    with pytest.raises(OutsideCatalogue):
        catalogue.items["penalty"].get_field("grade")


@pytest.mark.parametrize(
    "label",
    [
        "宗教信仰",
        "基因信息",
        "指纹",
        "血型",
        "疾病史",
        "病史",
        "年收入",
        "存款",
        "有价证券",
        "商业保险",
        "不动产",
        "纳税数额",
    ],
)
def test_forbidden_attributes_of_persons_are_refused(tmp_path, content, label):
    penalty = next(item for item in content["items"] if item["code"] == "penalty")
    penalty["fields"]["remark"] = {"label": label, "type": "text"}
    with pytest.raises(ForbiddenAttribute):
        load_catalogue(written(tmp_path, content))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda item: item.update(natural_key=["doc_no"]), "自然键"),
        (lambda item: item.update(natural_key=["subject", "grade"]), "grade"),
        (lambda item: item.update(category="astrology"), "类别"),
        (lambda item: item.update(basis=[]), "依据"),
        (lambda item: item["fields"].update(shoe_size={"label": "鞋码", "type": "text"}), "shoe_size"),
        (lambda item: item["fields"].update(remark={"label": "备注", "type": "colour"}), "colour"),
    ],
)
def test_faulty_editions_are_refused_and_say_why(tmp_path, content, change, word):
    change(next(item for item in content["items"] if item["code"] == "penalty"))
    with pytest.raises(DescriptionInvalid, match=word):
        load_catalogue(written(tmp_path, content))


def test_differences_between_editions(tmp_path, content):
    changed = copy.deepcopy(content)
    changed["items"] = [item for item in changed["items"] if item["code"] != "contract"]
    penalty = next(item for item in changed["items"] if item["code"] == "penalty")
    penalty["disclosure"] = "government"
    penalty["fields"]["remark"]["label"] = "说明"
    changes = diff_catalogues(load_catalogue(), load_catalogue(written(tmp_path, changed)))
    assert [(change.kind, change.what) for change in changes] == [
        ("removed", "contract"),
        ("changed", "penalty.disclosure"),
        ("changed", "penalty.fields.remark"),
    ]
    assert diff_catalogues(load_catalogue(), load_catalogue()) == []


def test_measures_name_only_known_lists():
    folder = ACTIVE_EDITION.parent
    lists = {
        entry["code"]: entry
        for entry in yaml.safe_load((folder / "listing-kinds-2026-1.yaml").read_text("utf-8"))["lists"]
    }
    assert lists["abnormal-operation"]["kind"] == "status"
    for measure in yaml.safe_load((folder / "measures-2026-1.yaml").read_text("utf-8"))["measures"]:
        assert set(measure["lists"]) <= set(lists)
        assert measure["basis"]["instrument"]
