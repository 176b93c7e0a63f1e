"""Who may see and do what: every URL of the resolver, by a stranger, another organizer, and staff without any right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bookings.models import (
    Booking,
    DateOverride,
    EventType,
    Organizer,
    Schedule,
    TimelineEntry,
    WeeklyHours,
)
from bookings.models.booking import new_token
from bookings.tests.world import booked
from calendars.models import Calendar
from integrations.models import AuthorizationRequest, Connection
from integrations.sandbox.testing import Sandbox

DAY = "2027-03-01"
LOGIN, START, ADMIN = "→/accounts/login/", "→/start/", "→/admin/login/"
AGAIN, BOOKINGS, ZOOM = "→/accounts/reauthenticate/", "→/bookings/", "→/apps/integrations/zoom/"
GOOGLE = "→/apps/integrations/google/"

# Route: what GET comes to for (a stranger, Grace, staff without rights), and what a POST of an empty form comes to.
# One outcome stands for all three. The rows behind <…> are Ada's. Visited as Grace, they are not there: 404.
ANYBODY = "200", "405"
SIGNED_IN = f"{LOGIN} 200 200", f"{LOGIN} 405 405"
ORGANIZERS = f"{LOGIN} 200 {START}", "405"
ORGANIZERS_FORM = f"{LOGIN} 200 {START}", f"{LOGIN} 422 {START}"
HERS = f"{LOGIN} 404 {START}", f"{LOGIN} 404 {START}"
HERS_POST = "405", f"{LOGIN} 404 {START}"
EXPECTED: dict[str, tuple[str, str]] = {
    "": (f"200 {BOOKINGS} {BOOKINGS}", "405"),
    "help/zoom/": ANYBODY,
    "privacy/": ANYBODY,
    "styleguide/": ("404", "405"),  # with DEBUG alone
    "mail-preview/": ("404", "405"),  # with DEBUG alone
    "mail-preview/html/": ("404", "405"),
    "healthz": ANYBODY,
    "readyz": ANYBODY,
    "metrics": ("404", "405"),
    # The token of a booking is all the right there is: whoever holds it is the invitee.
    "b/<slug:token>/": ANYBODY,
    "b/<slug:token>/reschedule/": ("200", "422"),
    "b/<slug:token>/cancel/": ("200", "422"),
    "b/<slug:token>/invite.ics": ANYBODY,
    "<slug:handle>/": ANYBODY,
    "<slug:handle>/<slug:slug>/": ("200", "422"),
    "<slug:handle>/<slug:slug>/slots.json": ("422", "405"),
    "webhooks/zoom/": ("405", "401"),
    # An organizer's own pages.
    "bookings/": ORGANIZERS,
    "bookings/<uuid:uid>/": (HERS[0], "405"),
    "bookings/<uuid:uid>/reschedule/": HERS,
    "bookings/<uuid:uid>/answer/": HERS,
    "bookings/<uuid:uid>/cancel/": HERS,
    "bookings/<uuid:uid>/retry/": HERS_POST,
    "event-types/": ORGANIZERS,
    "event-types/new/": ORGANIZERS_FORM,
    "event-types/<int:pk>/": HERS,
    "event-types/<int:pk>/questions/": HERS,
    "event-types/<int:pk>/toggle/": HERS_POST,
    "event-types/<int:pk>/delete/": HERS_POST,
    "availability/": ORGANIZERS_FORM,
    "availability/new/": ("405", f"{LOGIN} 422 {START}"),
    "availability/<int:schedule>/": HERS,
    "availability/<int:schedule>/name/": HERS_POST,
    "availability/<int:schedule>/default/": HERS_POST,
    "availability/<int:schedule>/delete/": HERS_POST,
    "availability/<int:schedule>/dates/": HERS_POST,
    "availability/<int:schedule>/dates/<day:day>/remove/": HERS_POST,
    "availability/<int:schedule>/days-off/": HERS_POST,
    "availability/<int:schedule>/days-off/<int:pk>/remove/": HERS_POST,
    "settings/": ORGANIZERS_FORM,
    "settings/delete-account/": (f"{LOGIN} 200 200", f"{LOGIN} 422 422"),
    "start/": (f"{LOGIN} 200 200", f"{LOGIN} {START} 422"),
    # Everybody's own connection: Grace has none, whatever Ada has.
    "apps/integrations/": SIGNED_IN,
    "settings/integrations/": SIGNED_IN,
    "apps/integrations/<slug:slug>/": SIGNED_IN,
    "apps/integrations/<slug:slug>/connect/": (f"{LOGIN} 405 405", f"{LOGIN} →consent →consent"),
    "apps/integrations/<slug:slug>/callback/": (f"{LOGIN} {ZOOM} {ZOOM}", "405"),
    "apps/integrations/<slug:slug>/remove/": (f"{LOGIN} {ZOOM} {ZOOM}", f"{LOGIN} {ZOOM} {ZOOM}"),
    "apps/integrations/google/calendars/": (f"{LOGIN} {GOOGLE} {GOOGLE}",) * 2,
    "apps/integrations/google/calendars/refresh/": (f"{LOGIN} 405 405", f"{LOGIN} {GOOGLE} {GOOGLE}"),
    # One's own account.
    "accounts/login/": (f"200 {BOOKINGS} {BOOKINGS}", f"200 {BOOKINGS} {BOOKINGS}"),
    "accounts/logout/": ("→/ 200 200", "→/"),
    "accounts/inactive/": ANYBODY,
    "accounts/signup/": (f"200 {BOOKINGS} {BOOKINGS}", f"200 {BOOKINGS} {BOOKINGS}"),
    "accounts/reauthenticate/": (f"{LOGIN} 200 200", f"{LOGIN} 200 200"),
    "accounts/email/": (f"{LOGIN} 200 200", f"{LOGIN} →/accounts/email/ →/accounts/email/"),
    "accounts/confirm-email/": ANYBODY,
    "accounts/password/change/": (f"{LOGIN} 200 200", f"{LOGIN} 200 200"),
    "accounts/password/set/": (f"{LOGIN} →/accounts/password/change/ →/accounts/password/change/",) * 2,
    "accounts/password/reset/": ("200", "200"),
    "accounts/login/code/confirm/": (f"{LOGIN} {BOOKINGS} {BOOKINGS}",) * 2,
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": ("200", "404"),
    "accounts/password/reset/key/done/": ANYBODY,
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": ("200", "200"),
    "accounts/password/reset/done/": ANYBODY,
    "accounts/2fa/": SIGNED_IN,
    "accounts/2fa/authenticate/": (f"{LOGIN} {BOOKINGS} {BOOKINGS}",) * 2,
    "accounts/2fa/reauthenticate/": (f"{LOGIN} {AGAIN} {AGAIN}",) * 2,
    "accounts/2fa/totp/activate/": (f"{LOGIN} {AGAIN} →/accounts/2fa/",) * 2,  # staff: no verified address
    "accounts/2fa/totp/deactivate/": (f"{LOGIN} 404 404",) * 2,
    "accounts/2fa/recovery-codes/": (f"{LOGIN} 404 404", f"{LOGIN} 405 405"),
    "accounts/2fa/recovery-codes/generate/": (f"{LOGIN} {AGAIN} {AGAIN}",) * 2,
    "accounts/2fa/recovery-codes/download/": (f"{LOGIN} 404 404",) * 2,
    # Staff without a right gets into the hall of admin and into no room.
    "admin/": (f"{ADMIN} {ADMIN} 200",) * 2,
    "admin/login/": ("200 200 →/admin/", "200"),
    "admin/logout/": ("→/admin/ →/admin/ 405", "→/admin/ →/admin/ 200"),
    "admin/overview/": (f"{ADMIN} {ADMIN} 403", f"{ADMIN} {ADMIN} 405"),
    "admin/password_change/": (f"{ADMIN} {ADMIN} 200",) * 2,
    "admin/password_change/done/": (f"{ADMIN} {ADMIN} 200", f"{ADMIN} {ADMIN} 405"),
    "admin/autocomplete/": (f"{ADMIN} {ADMIN} 403", f"{ADMIN} {ADMIN} 405"),
    "admin/jsi18n/": (f"{ADMIN} {ADMIN} 200", f"{ADMIN} {ADMIN} 405"),
    "admin/r/<path:content_type_id>/<path:object_id>/": (f"{ADMIN} {ADMIN} 404",) * 2,
    "admin/^(?P<app_label>APPS)/$": (f"{ADMIN} {ADMIN} 404",) * 2,
    "admin/(?P<url>.*)$": (f"{ADMIN} {ADMIN} 404",) * 2,
    "admin/bookings/booking/<int:pk>/by-hand/": (f"{ADMIN} {ADMIN} 403",) * 2,
    "admin/auth/user/<id>/password/": (f"{ADMIN} {ADMIN} 403",) * 2,
}
# The models of admin: those of which Ada has a row that is asked for, and those of which there is none.
HAVE_ROWS = """
    account/emailaddress auth/user bookings/booking bookings/eventtype bookings/organizer bookings/schedule
    calendars/calendar integrations/connection
""".split()
HAVE_NONE = """
    auth/group bookings/calendarentry bookings/meeting bookings/message integrations/connectionevent
    integrations/dailyuse integrations/erasure
    integrations/revocation integrations/webhookevent mfa/authenticator zinnect/auditentry
""".split()
for _model in HAVE_ROWS + HAVE_NONE:
    _row = f"admin/{_model}/<path:object_id>/"
    for _page in (f"admin/{_model}/", f"admin/{_model}/add/", f"{_row}delete/", f"{_row}change/"):
        EXPECTED[_page] = (f"{ADMIN} {ADMIN} 403",) * 2
    EXPECTED[f"{_row}history/"] = (f"{ADMIN} {ADMIN} {'403' if _model in HAVE_ROWS else '→/admin/'}",) * 2
    EXPECTED[_row] = (f"{ADMIN} {ADMIN} →change/",) * 2


def routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[str]:
    """Every route of the resolver, as it is written down."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + re.sub(r"app_label>[^)]*", "app_label>APPS", str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        else:
            yield route


def path_of(route: str, booking: Booking) -> str:
    """A path that leads there, to Ada's rows."""
    model = re.match(r"admin/(\w+)/(\w+)/<", route)
    row = apps.get_model(model[1], model[2])._base_manager.order_by("-pk").first() if model else None
    if model and "<int:pk>" in route:
        return "/" + route.replace("<int:pk>", str(booking.pk))
    values = {
        "<uuid:uid>": str(booking.uid),
        "<slug:token>": booking.token,
        "<int:schedule>": str(booking.event_type.schedule_id),
        "<int:pk>": str(booking.event_type_id if "event-types" in route else holiday_of(booking).pk),
        "<day:day>": DAY,
        "<slug:handle>": "ada",
        "<slug:slug>": "intro" if "handle" in route else "zoom",
        "<path:content_type_id>": "999999",
        "<path:object_id>": str(row.pk if row else 0),
        "<id>": str(row.pk if row else 0),
    }
    path = re.sub(r"\(\?P<(\w+)>(?:\([^)]*\)|[^)])*\)", r"1", route).replace("^", "").replace("$", "")
    for name, value in values.items():
        path = path.replace(name, value)
    return f"/{path}"


def holiday_of(booking: Booking) -> DateOverride:
    """The days off of the organizer whose booking it is."""
    return DateOverride.objects.get(schedule__organizer=booking.organizer, last_date__isnull=False)


def outcome(client: Client, method: str, path: str) -> str:
    """The status, or where the visitor is sent."""
    answer = getattr(client, method)(path)
    to = answer.get("Location", "").split("?")[0]
    if to.endswith("/oauth/authorize"):
        return "→consent"
    to = to.removeprefix(path) if to.endswith("/change/") else to
    return f"→{to}" if to else str(answer.status_code)


@pytest.fixture
def adas(ada: Organizer, sandbox: Sandbox) -> Booking:
    """One of everything of Ada's."""
    booking = booked(ada)
    DateOverride.objects.create(schedule=ada.schedules.get(), date=DAY, from_minute=0, to_minute=0)
    DateOverride.objects.create(
        schedule=ada.schedules.get(), date=DAY, last_date="2027-03-14", from_minute=0, to_minute=0
    )
    google = Connection.objects.create(user=ada.user, provider="google", status=Connection.Status.CONNECTED)
    Calendar.objects.create(connection=google, external_id="ada", can_write=True, receives_bookings=True)
    Connection.objects.create(user=ada.user, provider="zoom", status=Connection.Status.CONNECTED)
    return booking


@pytest.fixture
def visitors(grace: Organizer) -> list[Client]:
    """A stranger, Grace, and staff without rights."""
    visitors = [Client(), Client(), Client()]
    visitors[1].force_login(grace.user)
    visitors[2].force_login(User.objects.create_user("staff", "staff@example.com", "-", is_staff=True))
    return visitors


def rows_of_ada(ada: Organizer) -> list[Any]:
    """Everything that is hers, value by value."""
    return [
        list(Organizer.objects.filter(pk=ada.pk).values()),
        list(User.objects.filter(pk=ada.user_id).values()),
        list(Booking.objects.filter(organizer=ada).values()),
        list(TimelineEntry.objects.filter(booking__organizer=ada).values()),
        list(EventType.objects.filter(organizer=ada).values()),
        list(Calendar.objects.filter(connection__user=ada.user).values()),
        list(Schedule.objects.filter(organizer=ada).values()),
        list(WeeklyHours.objects.filter(schedule__organizer=ada).values()),
        list(DateOverride.objects.filter(schedule__organizer=ada).values()),
        list(Connection.objects.filter(user=ada.user).values()),
        list(AuthorizationRequest.objects.filter(user=ada.user).values()),
    ]


def spread(outcomes: str) -> list[str]:
    """Three outcomes from three, or from one that stands for all."""
    found = outcomes.split()
    return found if len(found) == 3 else found * 3


def test_every_url_is_in_the_table_and_nothing_else() -> None:
    assert sorted(set(routes())) == sorted(EXPECTED)


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_visit_what(ada: Organizer, adas: Booking, visitors: list[Client], method: str) -> None:
    hers = rows_of_ada(ada)
    found = {}
    for route in sorted(EXPECTED, key=lambda route: "logout" in route):
        if route == "admin/logout/" and method == "post":
            continue  # accounts/logout/ has ended the sessions: below
        path = path_of(route, adas)
        found[route] = [outcome(client, method, path) for client in visitors]
    expected = {route: spread(pair[method == "post"]) for route, pair in EXPECTED.items() if route in found}
    assert found == expected
    assert rows_of_ada(ada) == hers


def test_signing_out_of_admin(visitors: list[Client]) -> None:
    assert [outcome(client, "post", "/admin/logout/") for client in visitors] == spread(EXPECTED["admin/logout/"][1])


def test_what_is_not_there_for_grace_is_there_for_ada(ada: Organizer, adas: Booking) -> None:
    """That the 404s above are about whose rows they are."""
    client = Client()
    client.force_login(ada.user)
    hers_to_remove = [route for route in EXPECTED if route.startswith("availability/") and "remove" in route]
    hers = [route for route, pair in EXPECTED.items() if spread(pair[0])[1] == "404" and "bookings/models" not in route]
    hers = [route for route in hers if route.startswith(("bookings/", "event-types/", "availability/"))]
    assert len(hers) == 7
    assert {route: outcome(client, "get", path_of(route, adas)) for route in hers} == dict.fromkeys(hers, "200")
    assert outcome(client, "post", f"/event-types/{adas.event_type_id}/toggle/") == "→/event-types/"
    for route in hers_to_remove:
        assert outcome(client, "post", path_of(route, adas)) == "→/availability/"
    assert not DateOverride.objects.filter(schedule__organizer=ada).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_organizer_who_was_switched_off_is_a_stranger(ada: Organizer, adas: Booking, method: str) -> None:
    client = Client()
    client.force_login(ada.user)
    ada.user.is_active = False
    ada.user.save()
    assert outcome(client, method, "/event-types/new/") == LOGIN


def test_booking_tokens_cannot_be_guessed() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    # base64url: six bits a character.
    assert min(len(token) for token in tokens) * 6 >= 128
    assert all(len({token[place] for token in tokens}) > 40 for place in range(32))


def test_a_token_opens_its_own_booking_only_and_no_other_writing_of_it_does(adas: Booking) -> None:
    for wrong in (
        adas.token[:-1],
        adas.token.swapcase(),
        adas.token + "A",
        f" {adas.token}",
        str(adas.uid),
        str(adas.pk),
    ):
        assert Client().get(f"/b/{wrong}/").status_code == 404
