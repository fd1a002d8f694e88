"""Which role may do what, as data: role to scopes. A scope opens addresses; what an answer holds ``credit.disclosure`` decides.

An account may name scopes of its own; they narrow the role's, never widen them.
"""

from collections.abc import Iterable

from models.terms import Role

EVERYBODY = frozenset({"public:read"})

SCOPES: dict[Role, frozenset[str]] = {
    Role.public: EVERYBODY,
    Role.regulator: EVERYBODY
    | {
        "self:token",
        "subjects:read",
        "persons:find",
        "checks:write",
        "reports:write",
        "pages:lookup",
        "editions:take-part",
    },
    Role.enterprise: EVERYBODY
    | {"self:token", "subjects:read", "enquiries:own", "authorisations:own", "reports:write", "pages:own"},
    Role.person: EVERYBODY
    | {"self:token", "subjects:read", "enquiries:own", "authorisations:own", "reports:write", "pages:own"},
    Role.agency: EVERYBODY | {"self:token", "subjects:read", "reports:write"},
    Role.department: EVERYBODY
    | {"self:token", "submissions:write", "editions:take-part", "editions:propose", "quality:read"},
    Role.operator: EVERYBODY
    | {"self:token", "operations:read", "editions:take-part", "editions:decide", "quality:read", "identity:decide"},
    Role.auditor: EVERYBODY | {"self:token", "audit:read"},
}

SECOND_FACTOR = frozenset({Role.regulator, Role.operator, Role.auditor})
"""Roles that sign in with a one-time code (动态口令) as well."""

PUBLIC_ROUTES = frozenset(
    {
        "static",
        "api-docs.openapi_json",
        "docs.show_docs",
        "docs.send_asset",
        "health.show_health",
        "health.show_ready",
        "health_v1.show_health",
        "health_v1.show_ready",
        "tokens.issue_token",
    }
)
"""The endpoints open without any guard. Every other one names a scope with ``require``; what names none is refused."""


def scopes_of(role: Role, narrowed_to: Iterable[str] = ()) -> frozenset[str]:
    """The scopes of a role, narrowed to those an account names, if it names any."""
    own = frozenset(narrowed_to)
    return SCOPES[role] & (own | EVERYBODY) if own else SCOPES[role]
