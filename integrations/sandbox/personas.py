"""The people who can sign in at the sandbox, and the calendars they start with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ZoomUser:
    """One Zoom user. `type` is Zoom's plan number: 1 basic (free), 2 licensed."""

    key: str
    id: str
    account_id: str
    email: str
    display_name: str
    type: int = 2
    timezone: str = "Europe/Berlin"


@dataclass(frozen=True)
class GoogleUser:
    """One Google account; `sub` is the id that never changes."""

    key: str
    sub: str
    email: str
    name: str
    timezone: str = "Europe/Berlin"


@dataclass
class Calendar:
    """A calendar as one user sees it."""

    id: str
    owner: str
    summary: str
    time_zone: str
    access_role: str = "owner"
    primary: bool = False
    background: str = "#9fe1e7"
    allowed: list[str] = field(default_factory=lambda: ["hangoutsMeet"])
    meet_by_default: int = 0
    """How many more writes the calendar answers by adding Meet of its own accord; -1 is always."""


ZOOM_USERS = (
    ZoomUser("zoe", "zUoNe1AbCdEfGhIjKlMnOp", "zAcCoUnT1aBcDeFgHiJkLm", "organizer.one@example.com", "Organizer One"),
    ZoomUser("yan", "zUtWo2AbCdEfGhIjKlMnOp", "zAcCoUnT2aBcDeFgHiJkLm", "organizer.two@example.com", "Organizer Two"),
    ZoomUser(
        "free", "zUfRe3AbCdEfGhIjKlMnOp", "zAcCoUnT3aBcDeFgHiJkLm", "organizer.free@example.com", "Organizer Free", 1
    ),
)

GOOGLE_USERS = (
    GoogleUser("one", "100000000000000000001", "organizer.one@example.com", "Organizer One"),
    GoogleUser("two", "100000000000000000002", "organizer.two@example.com", "Organizer Two"),
    GoogleUser("three", "100000000000000000003", "organizer.three@example.net", "Organizer Three"),
)


def calendars_of(user: GoogleUser) -> list[Calendar]:
    """The three calendars each Google user starts with: own, one shared to read, and the team's."""
    return [
        Calendar(user.email, user.email, user.name, user.timezone, primary=True),
        Calendar(
            f"family.{user.key}@group.calendar.google.com",
            user.email,
            "Family",
            user.timezone,
            access_role="reader",
            background="#f691b2",
        ),
        Calendar(f"team.{user.key}@group.calendar.google.com", user.email, "Team", user.timezone, background="#b3dc6c"),
    ]
