"""Random histories for property tests: facts as departments could send them, in any order."""

from datetime import date, timedelta

from hypothesis import strategies as st

from scoring.card import Fact

DAY = date(2026, 11, 20)
PUNISHMENTS = ("judgment-debtor", "tax-serious", "market-serious", "wage-arrears")
REWARDS = ("tax-class-a", "contract-abiding")
REGISTERS = ("abnormal-operation", "abnormal-state")

days = st.one_of(st.none(), st.integers(-2600, 400).map(lambda shift: DAY + timedelta(days=shift)))
record_ids = st.integers(1, 10**9)


def _fact(item: str, tone: str, **fields: object) -> st.SearchStrategy[Fact]:
    result = fields.get("result")
    lists = fields.get("lists")
    return st.builds(
        Fact,
        record_id=record_ids,
        item=st.just(item),
        tone=st.just(tone),
        severity=st.sampled_from([None, "minor", "general", "serious"]) if item == "penalty" else st.none(),
        held_from=days,
        held_until=days,
        amount=st.one_of(st.none(), st.integers(-5, 10**12)),
        list_code=st.sampled_from(lists) if isinstance(lists, tuple) else st.none(),
        listing_kind=st.just(fields.get("kind")),
        usable_until=days,
        fields=st.just({"result": result} if isinstance(result, str) else {}),
    )


adverse_facts = st.one_of(
    _fact("penalty", "adverse"),
    _fact("coercion", "adverse"),
    _fact("tax_arrears", "adverse"),
    _fact("tax_violation", "adverse"),
    _fact("enforcement", "adverse"),
    _fact("judgment", "adverse"),
    _fact("inspection", "neutral", result="发现问题"),
    _fact("commitment", "neutral", result="未履行"),
    _fact("listing", "adverse", lists=PUNISHMENTS, kind="punishment"),
    _fact("listing", "adverse", lists=REGISTERS, kind="status"),
)
other_facts = st.one_of(
    _fact("registration", "neutral"),
    _fact("licence", "neutral"),
    _fact("honour", "favourable"),
    _fact("inspection", "neutral", result="未发现问题"),
    _fact("commitment", "neutral", result="已履行"),
    _fact("listing", "favourable", lists=REWARDS, kind="reward"),
)
histories = st.lists(st.one_of(adverse_facts, other_facts), max_size=12, unique_by=lambda fact: fact.record_id)
