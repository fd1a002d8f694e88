"""Catalogue editions (目录版次) in the database: the active one is there as soon as something is collected under it."""

import hashlib
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from credit.catalogue import Catalogue, CatalogueItem
from models.catalogue import CatalogueEdition, CatalogueItemRow


def ensure_edition(session: Session, catalogue: Catalogue, now: datetime) -> int:
    """The id of this edition; entered with its items where it was not yet."""
    found = session.execute(select(CatalogueEdition.id).where(CatalogueEdition.name == catalogue.edition)).scalar()
    if found is not None:
        return found
    bodies = {code: item_body(item) for code, item in catalogue.open_items.items()}
    edition = CatalogueEdition(
        name=catalogue.edition,
        active_from=catalogue.active_from,
        digest=hashlib.sha256(repr(sorted(bodies.items())).encode()).digest(),
        published_at=now,
    )
    session.add(edition)
    session.flush()
    rows = [
        {"edition_id": edition.id, "code": code, "name": catalogue.items[code].name,
         "category": catalogue.items[code].category, "body": body}
        for code, body in bodies.items()
    ]  # fmt: skip
    session.execute(insert(CatalogueItemRow), rows)
    return edition.id


def item_body(item: CatalogueItem) -> dict[str, object]:
    """An item as published."""
    return {
        "code": item.code,
        "name": item.name,
        "category": item.category,
        "category_name": item.category_name,
        "subject_kinds": sorted(kind.value for kind in item.subject_kinds),
        "tone": item.tone.value,
        "disclosure": item.disclosure.value,
        "publication_rule": item.publication_rule,
        "natural_key": list(item.natural_key),
        "list_codes": item.list_codes,
        "consent": item.consent,
        "provider": item.provider,
        "carriers": list(item.carriers),
        "cadence": item.cadence,
        "basis": [basis._asdict() for basis in item.basis],
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "type": field.type,
                "required": field.required,
                "disclosure": None if field.disclosure is None else field.disclosure.value,
            }
            for field in item.open_fields.values()
        ],
    }
