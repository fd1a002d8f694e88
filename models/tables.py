"""Imports every table module, so that the metadata is whole (migrations, tests)."""

from models import (
    accounts,
    authorisations,
    casework,
    catalogue,
    city,
    collection,
    editions,
    enquiries,
    entry,
    evaluations,
    issued,
    listings,
    records,
    schedule,
    subjects,
    work,
)
from models.base import Base
from models.enquiries import EnquiryBase

__all__ = [
    "Base",
    "EnquiryBase",
    "accounts",
    "authorisations",
    "casework",
    "catalogue",
    "city",
    "collection",
    "editions",
    "enquiries",
    "entry",
    "evaluations",
    "issued",
    "listings",
    "records",
    "schedule",
    "subjects",
    "work",
]
