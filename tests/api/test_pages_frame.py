"""What holds for every page: who may open it, strict headers, protected forms, colours that can be read, a small sheet."""

import re
from pathlib import Path

import pytest

from models.terms import Role

ROOT = Path(__file__).resolve().parents[2]
SHEET = ROOT / "api" / "static" / "site.css"
TEMPLATES = ROOT / "api" / "templates"

EVERYBODY = frozenset(Role)
OWN = {Role.enterprise, Role.person}
EDITIONS = {Role.department, Role.operator, Role.regulator}
SUBJECTS = {Role.regulator, Role.enterprise, Role.person, Role.agency}
GUARDED = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/search"): EVERYBODY,
    ("GET", "/subjects/<code>"): EVERYBODY,
    ("POST", "/subjects/<code>/report"): EVERYBODY,
    ("GET", "/lists"): EVERYBODY,
    ("GET", "/lists/<code>"): EVERYBODY,
    ("GET", "/verify"): EVERYBODY,
    ("POST", "/verify"): EVERYBODY,
    ("GET", "/about"): EVERYBODY,
    ("GET", "/catalogue"): EVERYBODY,
    ("GET", "/consultations"): EVERYBODY,
    ("GET", "/consultations/<ref>"): EVERYBODY,
    ("POST", "/consultations/<ref>/comments"): EVERYBODY,
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in"): EVERYBODY,
    ("POST", "/sign-out"): EVERYBODY,
    ("GET", "/desk"): EVERYBODY,
    ("GET", "/my/file"): OWN,
    ("GET", "/my/enquiries"): OWN,
    ("POST", "/my/report"): OWN,
    ("GET", "/my/authorisations"): OWN,
    ("POST", "/my/authorisations"): OWN,
    ("POST", "/my/authorisations/<ref>/revocation"): OWN,
    ("GET", "/console/lookup"): {Role.regulator},
    ("POST", "/console/lookup"): {Role.regulator},
    ("GET", "/console/subjects/<code>"): {Role.regulator},
    ("GET", "/console/city"): {Role.operator},
    ("GET", "/console/collection"): {Role.operator},
    ("GET", "/console/collection/<ref>"): {Role.operator},
    ("GET", "/console/deliveries"): {Role.department},
    ("GET", "/console/deliveries/<ref>"): {Role.department},
    ("GET", "/console/editions"): EDITIONS,
    ("POST", "/console/editions"): {Role.department},
    ("GET", "/console/editions/<ref>"): EDITIONS,
    ("POST", "/console/editions/<ref>/steps"): EDITIONS,
    ("POST", "/console/editions/<ref>/comments/<number>"): {Role.operator},
    ("GET", "/console/entry"): {Role.department},
    ("GET", "/console/entry/items/<item>"): {Role.department},
    ("POST", "/console/entry/items/<item>"): {Role.department},
    ("GET", "/console/entry/items/<item>/template.csv"): {Role.department},
    ("GET", "/console/entry/drafts/<ref>"): {Role.department},
    ("POST", "/console/entry/drafts/<ref>"): {Role.department},
    ("POST", "/console/entry/drafts/<ref>/review"): {Role.department},
    ("POST", "/console/entry/drafts/<ref>/decision"): {Role.department},
    ("POST", "/console/entry/drafts/<ref>/discard"): {Role.department},
    ("POST", "/console/entry/drafts/<ref>/corrections"): {Role.department},
    ("POST", "/console/entry/drafts/<ref>/withdrawals"): {Role.department},
    ("POST", "/console/entry/zero-reports"): {Role.department},
    ("GET", "/console/identity"): {Role.operator},
    ("POST", "/console/identity/conflicts/<number>"): {Role.operator},
    ("POST", "/console/identity/waiting/<number>"): {Role.operator},
    ("POST", "/console/identity/candidates"): {Role.operator},
    ("POST", "/console/identity/merges"): {Role.operator},
    ("POST", "/console/identity/merges/<number>/undoing"): {Role.operator},
    ("GET", "/console/quality"): {Role.department, Role.operator},
    ("GET", "/console/quality.csv"): {Role.department, Role.operator},
    ("GET", "/console/enquiries"): {Role.auditor},
    ("GET", "/console/agency"): SUBJECTS,
}
PAGES = {"portal", "signing", "own", "console"}


def test_every_page_is_in_the_table(app):
    found = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in PAGES
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert found == set(GUARDED)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_open_which_page(page_client, role):
    browser = page_client(role.value)
    browser.get("/verify")
    for (method, rule), allowed in GUARDED.items():
        if rule in {"/sign-out", "/sign-in"}:
            continue
        address = re.sub(r"<\w+>", "x" * 26, rule)
        answer = browser.get(address) if method == "GET" else browser.post(address)
        to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in?next=")
        refused = answer.status_code in {401, 403} or to_sign_in
        assert refused is (role not in allowed), (method, rule, answer.status_code)
        assert answer.status_code < 500, (method, rule)


@pytest.mark.parametrize(
    "address", ["/", "/search?name=x", "/lists", "/about", "/sign-in", "/nowhere", "/subjects/1", "/my/file/nothing"]
)
def test_headers_are_strict(client, address):
    answer = client.get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_templates_hold_no_inline_style_script_or_foreign_address():
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), path
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), path
        if path.name != "docs.html":
            assert "<script" not in text, path
        assert "|safe" not in text.replace(" ", ""), path


def test_every_form_that_posts_carries_the_mark_of_the_session():
    for path in TEMPLATES.rglob("*.html"):
        for form in re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(encoding="utf-8"), re.S):
            assert "token()" in form, path


def test_every_input_has_a_label():
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for tag in re.findall(r"<(?:input|select)[^>]*>", text):
            name = re.search(r'\bid="([^"]+)"', tag)
            hidden = 'type="hidden"' in tag
            assert hidden or name is None or f'for="{name.group(1)}"' in text, (path, tag)
            assert hidden or name is not None or 'type="checkbox"' in tag, (path, tag)


@pytest.mark.parametrize("mark", [None, "", "nonsense", "other session"])
def test_forms_without_the_mark_are_refused(page_client, mark):
    browser, other = page_client(), page_client()
    browser.get("/sign-in")
    other.get("/sign-in")
    data = {"account": "a", "password": "b"}
    if mark is not None:
        data["csrf_token"] = other.token if mark == "other session" else mark
    answer = browser.client.post("/sign-in", data=data)
    assert answer.status_code == 400
    assert "表单已失效" in answer.text


def test_a_form_for_the_signed_in_needs_the_mark_too(page_client):
    browser = page_client("enterprise")
    assert browser.client.post("/my/authorisations", data={}).status_code == 400
    assert browser.client.post("/sign-out").status_code == 400


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tokens() -> dict[str, dict[str, str]]:
    text = SHEET.read_text(encoding="utf-8").partition("@media print")[0]
    blocks = re.findall(r":root\{([^}]*)\}", text)
    read = [dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", block)) for block in blocks]
    return {"light": read[0], "dark": read[1]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "panel"])
@pytest.mark.parametrize("colour", ["ink", "quiet", "accent", "good", "caution", "grave"])
def test_text_can_be_read(scheme, ground, colour):
    found = tokens()[scheme]
    assert contrast(found[colour], found[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_on_buttons_can_be_read(scheme):
    found = tokens()[scheme]
    assert contrast(found["on-accent"], found["accent"]) >= 4.5


def test_the_sheet_is_small_and_asks_nobody():
    text = SHEET.read_text(encoding="utf-8")
    assert len(text.encode()) <= 30_000
    assert "url(" not in text
    assert "@import" not in text
