"""Every route × every role. A route that is not in the table fails the test: decide who may use it, then write it here."""

import pytest

from api.roles import PUBLIC_ROUTES, SCOPES, SECOND_FACTOR, scopes_of
from api.security import guard_of, require
from models.terms import Role

EVERYBODY = frozenset(Role)
SIGNED_IN = EVERYBODY - {Role.public}
SUBJECTS = {Role.regulator, Role.enterprise, Role.person, Role.agency}
OWN = {Role.enterprise, Role.person}

GUARDED = {
    ("GET", "/api/v1/subjects"): EVERYBODY,
    ("GET", "/api/v1/subjects/<code>"): SUBJECTS,
    ("POST", "/api/v1/subjects/find"): {Role.regulator},
    ("GET", "/api/v1/subjects/<code>/enquiries"): OWN,
    ("GET", "/api/v1/lists"): EVERYBODY,
    ("GET", "/api/v1/listings"): EVERYBODY,
    ("POST", "/api/v1/checks"): {Role.regulator},
    ("POST", "/api/v1/checks/<ref>/outcome"): {Role.regulator},
    ("POST", "/api/v1/authorisations"): OWN,
    ("GET", "/api/v1/authorisations"): OWN,
    ("GET", "/api/v1/authorisations/<ref>"): OWN,
    ("DELETE", "/api/v1/authorisations/<ref>"): OWN,
    ("DELETE", "/api/v1/tokens/current"): SIGNED_IN,
    ("POST", "/api/v1/reports"): SUBJECTS,
    ("GET", "/api/v1/reports/<number>.pdf"): EVERYBODY,
    ("GET", "/api/v1/reports/verifications/<code>"): EVERYBODY,
    ("POST", "/api/v1/submissions/<source>"): {Role.department},
    ("GET", "/api/v1/batches/<ref>"): {Role.department},
    ("GET", "/api/v1/quality"): {Role.department, Role.operator},
    ("GET", "/api/v1/batches/<ref>/rejections"): {Role.department},
}
OPEN = {
    ("POST", "/api/v1/tokens"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/docs"),
    ("GET", "/api/v1/docs/assets/<path:name>"),
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/ready"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/static/<path:filename>"),
}
"""Open without any guard: nothing here tells about a subject."""

CASES = [(method, rule, role) for (method, rule) in GUARDED for role in Role]


def interface_rules(app):
    """Every method and rule of the interface; pages have their own table beside their own tests."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") or rule.endpoint in PUBLIC_ROUTES:
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield (method, rule.rule), rule.endpoint


def test_every_route_is_in_the_table(app):
    found = {route for route, _endpoint in interface_rules(app)}
    assert found == set(GUARDED) | OPEN


def test_every_view_declares_a_guard_or_is_public(app):
    known = set().union(*SCOPES.values())
    for rule in app.url_map.iter_rules():
        scope = guard_of(app, rule.endpoint)
        assert (rule.endpoint in PUBLIC_ROUTES) != (scope is not None), rule
        assert scope is None or scope in known, rule


@pytest.fixture
def clients(as_client):
    made = {}
    return lambda role: made.setdefault(role, as_client(role.value))


@pytest.mark.parametrize("role", list(Role))
def test_who_may_use_which_route(clients, app, role):
    client = clients(role)
    for (method, rule), allowed in GUARDED.items():
        if rule == "/api/v1/tokens/current":
            continue
        address = rule.replace("<code>", "aaaaaaaaaaaaaaaaaaaaaaaaaa").replace("<ref>", "aaaaaaaaaaaaaaaaaaaaaaaaaa")
        answer = client.open(address, method=method, json={} if method == "POST" else None)
        refused = answer.status_code in {401, 403}
        assert refused == (role not in allowed), (method, rule, role, answer.text)
        if refused:
            assert answer.status_code == (401 if role is Role.public else 403)
            assert answer.content_type == "application/problem+json"
    assert client.delete("/api/v1/tokens/current").status_code == (401 if role is Role.public else 204)


def test_a_view_without_declaration_is_refused(app):
    app.view_functions["forgotten"] = lambda: "secret"
    app.url_map.add(app.url_rule_class("/api/v1/forgotten", endpoint="forgotten"))
    assert app.test_client().get("/api/v1/forgotten").status_code == 403


def test_scopes_narrow_and_never_widen():
    assert scopes_of(Role.enterprise, ["enquiries:own", "audit:read"]) == {"enquiries:own", "public:read"}
    assert scopes_of(Role.agency) == SCOPES[Role.agency]
    assert set(SCOPES) == EVERYBODY
    assert {Role.regulator, Role.operator, Role.auditor} == SECOND_FACTOR


def test_a_narrowed_account_loses_the_rest(as_client):
    client = as_client("enterprise", scopes=["enquiries:own"])
    assert client.get("/api/v1/authorisations").status_code == 403
    assert client.get("/api/v1/lists").status_code == 200


def test_require_marks_a_view():
    @require("public:read")
    def view():
        return None

    assert view.__guard__ == "public:read"


def test_the_document_is_complete_and_its_errors_are_problems(app, client):
    document = client.get("/api/v1/openapi.json").json
    documented = {
        (method.upper(), "/api/v1" * (not path.startswith("/api")) + path)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    routes = {(method, rule.replace("<", "{").replace(">", "}")) for method, rule in GUARDED}
    assert routes | {("POST", "/api/v1/tokens")} == documented
    errors = document["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert list(errors) == ["application/problem+json"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                assert operation["summary"], (path, method)
                assert "default" in operation["responses"], (path, method)


def test_the_docs_page_needs_no_internet(client):
    page = client.get("/api/v1/docs").text
    assert "http://" not in page and "https://" not in page and "//cdn" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert client.get(f"/api/v1/docs/assets/{name}").status_code == 200
    assert client.get("/api/v1/docs/assets/../__init__.py").status_code == 404
