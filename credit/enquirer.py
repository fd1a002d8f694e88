"""Who is asking: the one object that stands for an enquirer (查询人) in every rule below the entrances.

Made once per request from a token or cookie (``api.security``), per command from an account; frozen, so that no layer can
widen a right. ``purpose`` and ``case_number`` belong to the single question, not to the account.
"""

from dataclasses import dataclass, replace

from models.terms import Role


@dataclass(frozen=True, slots=True)
class Enquirer:
    """An enquirer with role, organisation, own subject if any, scopes, and why it asks."""

    role: Role
    account: str = "-"
    display_name: str = ""
    organisation: str = ""
    account_id: int | None = None
    department_id: int | None = None
    agency_id: int | None = None
    subject_id: int | None = None
    scopes: frozenset[str] = frozenset()
    purpose: str | None = None
    case_number: str | None = None

    def asking(self, purpose: str | None, case_number: str | None) -> "Enquirer":
        """The same enquirer with the purpose and case of one question."""
        return replace(self, purpose=purpose, case_number=case_number)


PUBLIC = Enquirer(role=Role.public, account="-", display_name="社会公众", scopes=frozenset({"public:read"}))
"""Whoever comes without an account."""
