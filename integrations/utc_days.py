"""Days as providers count them: by UTC, whatever the organizer's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def day_of(moment: datetime) -> date:
    """The UTC day that an aware moment falls into."""
    return moment.astimezone(UTC).date()


def next_day(moment: datetime) -> datetime:
    """When the UTC day after that of ``moment`` begins; aware, UTC."""
    return (moment.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
