"""The clock, read at the entrances only: below ``api`` every day and moment is a parameter."""

from datetime import UTC, date, datetime

from models.base import DISTRICT_ZONE


def moment() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def district_day() -> date:
    """Today in the district (+08:00)."""
    return datetime.now(DISTRICT_ZONE).date()
