"""The organisations of the sample district: enterprises, shops (个体工商户), social organisations, government bodies.

Each has a hidden ``risk`` in [0, 1): most are near nothing, few near one. Adverse facts are drawn by it and
honours against it, so that the sample has firms with many bad facts and many with none, as real districts have.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from api.sample.codes import credit_code, registration_number, serial_body
from api.sample.people import invent_name
from api.sample.words import (
    BRAND_FIRST,
    BRAND_SECOND,
    CITY,
    CITY_REGION,
    DISTRICT,
    FORMS,
    GOVERNMENT_BODIES,
    INSTITUTIONS,
    OLD_REGION,
    REGION,
    ROADS,
    SHOPS,
    SOCIAL_FORMS,
    STREETS,
    TRADES,
)
from models.terms import SubjectKind


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation as its registry knows it; money and dates stay text where the registry keeps text."""

    kind: SubjectKind
    name: str
    code: str
    registered: date
    form: str
    capital: str
    scope: str
    licence: str
    address: str
    representative: str
    risk: float
    reg_no: str = ""
    former_name: str = ""

    @property
    def first_name(self) -> str:
        """The name it was registered under; ``name`` where it never changed."""
        return self.former_name or self.name

    @property
    def org_code(self) -> str:
        """Organisation code inside the credit code, nine characters."""
        return self.code[8:17]

    @property
    def tax_no(self) -> str:
        """The taxpayer number: 15 digits for firms with an old numeric body, the credit code for the others."""
        return self.code[2:17] if self.code[8:17].isdigit() else self.code


_CAPITAL_SPELLINGS = (
    "{0:,}(万元人民币)",
    "{0:,}(万元人民币)",
    "{0:,}(万元)",
    "{0}万人民币",
    "{0}万元人民币",
    "{0:,}.0000(万元人民币)",
    "{0}(万美元)",
    "N/A",
    "{0}(万)",
)


def make_organisations(seed: int, count: int, day: date) -> list[Organisation]:
    """``count`` organisations in the shares of a district: 77 % enterprises, 18 % shops, 4 % social, 1 % government."""
    rng = Random(f"{seed}/organisations")
    government, social, shops = count // 80, count // 25, count * 18 // 100
    names: set[str] = set()
    made = [_enterprise(rng, number, names, day) for number in range(count - government - social - shops)]
    made += [_shop(rng, number, names, day) for number in range(shops)]
    made += [_social(rng, number, names, day) for number in range(social)]
    return made + [_government(rng, number, names) for number in range(government)]


def invent_address(rng: Random) -> str:
    """An address in the district on an invented road."""
    house, block, room = rng.randrange(1, 999), rng.randrange(1, 30), rng.randrange(101, 2600)
    return f"{CITY}{DISTRICT}{rng.choice(ROADS)}{house}号{block}幢{room}室"


def _fresh(rng: Random, names: set[str], pattern: str) -> str:
    while True:
        brand = rng.choice(BRAND_FIRST) + rng.choice(BRAND_SECOND)
        brand += rng.choice(BRAND_FIRST) if rng.random() < 0.3 else ""
        name = pattern.format(brand)
        if name not in names:
            names.add(name)
            return name


def _day_before(rng: Random, day: date, first_year: int) -> date:
    first = date(first_year, 1, 1)
    return first + timedelta(days=int((day - first).days * rng.random() ** 0.6))


def _capital(rng: Random) -> str:
    amount = rng.choice((0, 3, 10, 30, 50, 100, 100, 200, 300, 500, 1000, 1000, 2000, 5000, 10000, 120000))
    spelling = rng.choice(_CAPITAL_SPELLINGS)
    return spelling.format(amount)


def _enterprise(rng: Random, number: int, names: set[str], day: date) -> Organisation:
    trade, scope, licence = rng.choice(TRADES)
    ending, form = rng.choice(FORMS)
    open_bracket, close_bracket = rng.choice(("（）", "（）", "()"))
    pattern = rng.choice(
        (
            f"{CITY}{{}}{trade}{ending}",
            f"示范{{}}{trade}{ending}",
            f"{{}}{trade}{open_bracket}示范{close_bracket}{ending}",
        )
    )
    registered = _day_before(rng, day, 1993)
    series = "99" if registered < date(2015, 10, 1) else "MX"
    region = rng.choices((REGION, OLD_REGION if registered.year < 2016 else REGION, CITY_REGION), (80, 14, 6))[0]
    return Organisation(
        SubjectKind.enterprise,
        _fresh(rng, names, pattern),
        credit_code("91", region, serial_body(series, 1000 + number)),
        registered,
        form,
        _capital(rng),
        scope,
        licence,
        invent_address(rng),
        invent_name(rng),
        rng.random() ** 3,
        reg_no=registration_number(region, number + 1) if series == "99" else "",
        former_name=pattern.format(rng.choice(BRAND_FIRST) + "舟") if rng.random() < 0.03 else "",
    )


def _shop(rng: Random, number: int, names: set[str], day: date) -> Organisation:
    ending, scope = rng.choice(SHOPS)
    keeper = invent_name(rng)
    pattern = rng.choice((f"{DISTRICT}{{}}{ending}", f"{CITY}{DISTRICT}{keeper}{{}}{ending}"))
    return Organisation(
        SubjectKind.individual_business,
        _fresh(rng, names, pattern),
        credit_code("92", REGION, serial_body("MX", 200_000 + number)),
        _day_before(rng, day, 2008),
        "个体工商户",
        "N/A",
        scope,
        "食品经营许可证",
        invent_address(rng),
        keeper,
        rng.random() ** 3,
    )


def _social(rng: Random, number: int, names: set[str], day: date) -> Organisation:
    form = rng.choice(SOCIAL_FORMS)
    association = form.endswith("会")
    return Organisation(
        SubjectKind.organisation,
        _fresh(rng, names, f"{DISTRICT}{{}}{form}"),
        credit_code("51" if association else "52", REGION, serial_body("MX", 300_000 + number)),
        _day_before(rng, day, 1995),
        "社会团体" if association else "民办非企业单位",
        f"{rng.choice((3, 5, 10, 50))}万元",
        f"在{DISTRICT}范围内开展公益服务、交流与培训。",
        "社会组织登记证书",
        invent_address(rng),
        invent_name(rng),
        rng.random() ** 4 * 0.5,
    )


def _government(rng: Random, number: int, names: set[str]) -> Organisation:
    bodies = [*GOVERNMENT_BODIES, *(f"人民政府{street}办事处" for street in STREETS), *INSTITUTIONS]
    name = (
        DISTRICT
        + bodies[number % len(bodies)]
        + (f"第{number // len(bodies) + 1}分部" if number >= len(bodies) else "")
    )
    names.add(name)
    institution = number % len(bodies) >= len(GOVERNMENT_BODIES) + len(STREETS)
    return Organisation(
        SubjectKind.government,
        name,
        credit_code("12" if institution else "11", REGION, serial_body("99", 800_000 + number)),
        date(1990 + number % 30, 1 + number % 12, 1),
        "事业单位" if institution else "机关",
        "",
        "依法履行职责",
        "",
        invent_address(rng),
        invent_name(rng),
        0.02,
    )
