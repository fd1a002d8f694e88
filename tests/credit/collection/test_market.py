"""Market credit information (市场信用信息): from market sources alone, with consent where a person is concerned, shown apart."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from credit.catalogue import MARKET, REFERENCE, load_catalogue
from credit.collection.description import check_description, read_description
from credit.collection.mapping import compile_mapping
from credit.collection.run import collect_file
from credit.errors import DescriptionInvalid, ForbiddenAttribute, OutsideCatalogue
from credit.lookup import lookup_subject
from credit.publication import load_rule_pack
from models.terms import SubjectKind
from scoring.standards import load_standard
from tests.factories import NOW, TODAY, make_code, make_enterprise

CATALOGUE = load_catalogue()
PACK = load_rule_pack(REFERENCE / "rules" / "shanghai-2026.yaml")
NUMBER = "440524188001010014"


def described(**changes):
    content = {
        "name": "market-street",
        "title": "商圈消费评价",
        "department": "某商圈信用服务机构",
        "carrier": "files",
        "item": "market_evaluation",
        "market": True,
        "files": {"glob": "market-*.csv", "encoding": "utf-8", "header_row": 0},
        "columns": [
            {"column": "名称", "means": "name"},
            {"column": "代码", "means": "uscc"},
            {"column": "项目", "means": "content"},
            {"column": "等级", "means": "grade"},
            {"column": "平台", "means": "authority"},
            {"column": "日期", "means": "decision_date"},
        ],
        **changes,
    }
    return read_description(content)


def bank(**changes):
    columns = [("名称", "name"), ("号码", "id_no"), ("业务", "content"), ("履约", "result"), ("机构", "authority")]
    columns += [("日期", "decision_date"), ("同意书", "basis")]
    listed = [{"column": header, "means": means} for header, means in columns]
    return described(**{"item": "bank_dealing", "subject_kind": "person", "columns": listed, **changes})


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"market": False}, "只由市场数据源"), ({"item": "honour"}, "不由市场数据源")],
)
def test_market_items_and_market_sources_go_together(changes, word):
    with pytest.raises(DescriptionInvalid, match=word):
        check_description(described(**changes), CATALOGUE)
    check_description(described(), CATALOGUE)


def test_every_shipped_source_keeps_to_its_side():
    for path in sorted((REFERENCE / "sources").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        market = CATALOGUE.items[content["item"]].category == MARKET
        assert market is content.get("market", False), path.name


@pytest.mark.parametrize(("consent", "fault"), [("同字〔2026〕7号", None), ("", "CONSENT_MISSING")])
def test_a_person_needs_the_number_of_the_consent(consent, fault):
    description = bank()
    item = CATALOGUE.items["bank_dealing"]
    header = tuple(column.column for column in description.columns)
    map_row = compile_mapping(description, item, CATALOGUE, PACK, date(2026, 11, 20), header)
    result = map_row(["赵一帆", NUMBER, "消费贷款", "正常", "示范银行", "2026-03-02", consent], 2)
    assert [one.code for one in result.faults] == ([fault] if fault else [])
    assert NUMBER not in repr(result.faults) + repr(result.raw)


def test_what_may_not_be_collected_about_persons_is_refused_at_the_description():
    with pytest.raises(ForbiddenAttribute):
        check_description(
            bank(columns=[{"column": "名称", "means": "name"}, {"column": "存款", "means": "remark"}]), CATALOGUE
        )
    with pytest.raises(OutsideCatalogue):
        check_description(
            described(columns=[{"column": "名称", "means": "name"}, {"column": "金额", "means": "amount"}]), CATALOGUE
        )


def test_a_market_evaluation_is_shown_as_such(session, as_enquirer, tmp_path: Path):
    code = make_code()
    firm = make_enterprise(session, name="上海市场测试有限公司", code=code)
    path = tmp_path / "market-1.csv"
    path.write_text(
        f"名称,代码,项目,等级,平台,日期\n{firm.name},{code},服务态度,四星,示范平台,2026-05-01\n", encoding="utf-8"
    )
    session.commit()
    for _ in collect_file(session, path, described(), clock=lambda: datetime(2026, 11, 20, 2, tzinfo=UTC), today=TODAY):
        session.commit()
    officer = as_enquirer("regulator", purpose="inspection")
    view = lookup_subject(session, officer, code, today=TODAY, now=NOW)
    shown = {name: [record.item for record in records] for _, name, records in view.categories}
    assert shown["市场信用信息"] == ["market_evaluation"]
    assert "market_evaluation" not in [
        item for name, items in shown.items() if name != "市场信用信息" for item in items
    ]


def test_no_card_that_ships_names_a_market_item():
    market = {code for code, item in CATALOGUE.items.items() if item.category == MARKET}
    standards = sorted((Path(__file__).parents[3] / "scoring" / "standards").glob("*.yaml"))
    assert standards
    for path in standards:
        standard = load_standard(path)
        assert standard.items
        assert not standard.items & market, path.name


def test_the_domains_of_the_district_are_covered():
    domains = yaml.safe_load((REFERENCE / "domains-2026-1.yaml").read_text(encoding="utf-8"))["domains"]
    assert {kind for domain in domains for kind in domain["kinds"]} >= {"enterprise", "person", "government"}
    for domain in domains:
        assert domain["items"], domain["code"]
        for code in domain["items"]:
            kinds = {kind.value for kind in CATALOGUE.items[code].subject_kinds}
            assert kinds & set(domain["kinds"]), (domain["code"], code)
    assert SubjectKind.government in CATALOGUE.items["government_default"].subject_kinds
