"""The rows behind the pictures: people, bookings and connections in every state that a page can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from bookings.models import Booking, EventType, Meeting, Organizer, TimelineEntry
from bookings.questions import Kind, Question, ask
from bookings.services import set_up_organizer
from bookings.tests import people
from bookings.tests.people import announced
from bookings.tests.world import next_weekday
from calendars.models import Calendar
from integrations import providers
from integrations.models import Connection, DailyUse
from integrations.utc_days import day_of

PASSWORD = "a long password for pictures"
DESCRIPTION = "A first conversation: what you need, what we can do, and whether we suit each other."
ENDED = "Zoom says that the access was revoked. Please reconnect your Zoom account."
MISSING = "Zoom did not grant everything that is needed: “Delete Zoom meetings”. Please reconnect and allow all of it."
BUSY = "Zoom answers with an error (503). It is tried again by itself."
ZOOM_STATES: dict[str, dict[str, str]] = {
    "ended": {"status": "needs_reconnect", "last_error": ENDED},
    "scope": {"status": "needs_reconnect", "last_error": MISSING},
    "away": {"status": "deauthorized", "email": "", "display_name": ""},
    "alone": {},
    "slow": {"last_error": BUSY},
    "limit": {},
}


@dataclass
class World:
    """What the scenes refer to: session keys by person, bookings by state."""

    sessions: dict[str, str] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    sarah: Organizer = field(default_factory=Organizer)
    # Paths of links that were sent by mail.
    links: dict[str, str] = field(default_factory=dict)


def furnish() -> World:
    """Fill the database."""
    world = World()
    _sarah(world)
    _paul(world)
    for handle, zoom in ZOOM_STATES.items():
        organizer = _organizer(world, handle, "Robin Reed")
        _connect(organizer, "zoom", **zoom)
        if handle != "alone":
            _connect(organizer, "google")
    DailyUse.objects.create(provider="zoom", external_id="zoom-limit", day=day_of(timezone.now()), calls=84)
    _organizer(world, "fresh", "Frida Fresh")
    _user(world, "newcomer")
    _links(world, _user(world, "forgetful"))
    careful = _user(world, "careful")
    TOTP.activate(careful, generate_totp_secret())
    RecoveryCodes.activate(careful)
    return world


def _user(world: World, handle: str) -> User:
    email = f"{handle}@example.com"
    user = User.objects.create_user(username=email, email=email, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    world.sessions[handle] = client.cookies["sessionid"].value
    return user


def _links(world: World, user: User) -> None:
    address = EmailAddress.objects.create(user=user, email="another@example.com")
    world.links = {
        "confirm": f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/",
        "reset": f"/accounts/password/reset/key/{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}/",
    }


def _organizer(world: World, handle: str, name: str) -> Organizer:
    return set_up_organizer(user=_user(world, handle), handle=handle, timezone="Europe/Berlin", name=name)


def _connect(organizer: Organizer, provider: str, **changes: Any) -> Connection:
    now = timezone.now()
    row = {
        "status": "connected",
        "external_id": f"{provider}-{organizer.handle}",
        "email": f"{organizer.handle}@example.com",
        "display_name": organizer.name,
        "expires_at": now + timedelta(hours=1),
        "scopes": " ".join(p.scopes[0] for p in providers.get(provider).permissions),
        "connected_at": now - timedelta(days=20),
        "last_success_at": now - timedelta(hours=2),
    }
    connection = Connection.objects.create(user=organizer.user, provider=provider, **(row | changes))
    connection.note("connected", f"Connected as {organizer.handle}@example.com.")
    if connection.last_error:
        connection.note("needs_reconnect", connection.last_error)
    return connection


def _booked(organizer: Organizer, name: str, *, days: int, hour: int = 10, **changes: Any) -> Booking:
    start = next_weekday(hour, days=days)
    end = start + timedelta(minutes=30)
    times = {"start": start, "end": end, "blocked_from": start, "blocked_until": end}
    return people.booked(organizer, name=name, invitee_timezone="Europe/Berlin", **(times | changes))


def _sarah(world: World) -> None:
    """Publishes some event types, and has nothing connected: her times can be known without asking anybody."""
    world.sarah = sarah = _organizer(world, "sarah", "Sarah Sample")
    intro = sarah.event_types.get()
    intro.description = DESCRIPTION
    intro.save()
    like: dict[str, Any] = {"organizer": sarah, "schedule": intro.schedule}
    EventType.objects.create(title="Planning session", slug="plan", duration_minutes=90, location="in_person", **like)
    quick = EventType.objects.create(
        title="Quick question",
        slug="quick",
        duration_minutes=15,
        location="phone",
        requires_confirmation=True,
        **like,
    )
    ask(
        quick,
        [
            Question("What is it about?", Kind.LONG, required=True),
            Question("Which product?", Kind.CHOICE, choices=["Pages", "Mail"]),
            Question("Where can we call you?", Kind.PHONE, required=True),
            Question("May we record the call?", Kind.CHECKBOX),
        ],
    )
    EventType.objects.create(
        title="Half a day", slug="never", duration_minutes=720, active=True, description="Longer than any day.", **like
    )
    # Each at another hour: two of them may fall on the same Monday.
    states: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("ready", 3, {}),
        ("arranging", 7, {"arranged_revision": 0}),
        ("cancelled", 9, {"status": "cancelled"}),
        ("declined", 11, {"status": "declined"}),
        ("pending", 13, {"status": "pending", "hold_until": timezone.now() + timedelta(days=1)}),
        ("over", -9, {}),
    )
    for hour, (state, days, changes) in enumerate(states, start=9):
        world.bookings[state] = _booked(sarah, "Mary Moser", days=days, hour=hour, **changes)
    announced(world.bookings["ready"], url="https://zoom.example/j/81234567890")
    announced(world.bookings["over"])
    world.bookings["erased"] = _booked(sarah, "Nina Novak", days=15, hour=16)
    announced(world.bookings["erased"], url="")
    world.bookings["ready"].guests.create(email="grace.gellert@example.org")


def _calendars(connection: Connection) -> None:
    own = {"is_primary": True, "can_write": True, "allows_meet": True, "blocks_time": True, "receives_bookings": True}
    for name, what in (("Paul Park", own), ("Team", {"can_write": True, "blocks_time": True}), ("Family", {})):
        like = {
            "external_id": name,
            "account_id": connection.external_id,
            "name": name,
            "seen_at": connection.created_at,
        }
        Calendar.objects.create(connection=connection, **like, **what)


def _meeting(booking: Booking, connection: Connection | None, *, number: str, state: str) -> None:
    Meeting.objects.create(
        booking=booking,
        provider="zoom",
        connection=connection,
        generation=1,
        host_id="zoom-host",
        marker=number,
        state=state,
        external_id=number,
        join_url=f"https://zoom.example/j/{number}",
    )


def _paul(world: World) -> None:
    """Has both services connected, and bookings in every state."""
    paul = _organizer(world, "paul", "Paul Park")
    zoom = _connect(paul, "zoom")
    _calendars(_connect(paul, "google"))
    now = timezone.now()
    ready = _booked(paul, "Ines Ibarra", days=2, notes="I would like to talk about the second half of the year.")
    trouble = _booked(paul, "Omar Okafor", days=2, hour=12, arranged_revision=0, last_error=BUSY)
    gave_up = _booked(paul, "Lena Lind", days=4, hour=14, arranged_revision=0, gave_up_at=now, last_error=ENDED)
    _booked(paul, "Noor Nasser", days=5, hour=15, arranged_revision=0)
    waits = _booked(paul, "Yuki Yamada", days=8, hour=11, status="pending", hold_until=now + timedelta(days=1))
    announced(_booked(paul, "Mary Moser", days=-8))
    _booked(paul, "Mary Moser", days=9, status="cancelled", reason="Something came up.")
    announced(ready)
    _meeting(ready, zoom, number="81234567890", state="live")
    for minutes, text, is_problem in (
        (30, "Booked by Ines Ibarra.", False),
        (29, "The event was put into the calendar.", False),
        (28, BUSY, True),
        (27, "Zoom meeting 81234567890 was made.", False),
        (26, "The invitation went out with the Zoom link.", False),
    ):
        at = now - timedelta(minutes=minutes)
        TimelineEntry.objects.create(booking=ready, at=at, text=text, is_problem=is_problem)
    unmanaged = _booked(paul, "Vera Vance", days=11, hour=13)
    announced(unmanaged, url="https://zoom.example/j/2")
    _meeting(unmanaged, None, number="82345678901", state="unmanaged")
    world.bookings |= {
        "unmanaged": unmanaged,
        "waits": waits,
        "organizers": ready,
        "trouble": trouble,
        "gave-up": gave_up,
    }
