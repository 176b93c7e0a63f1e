"""How much a stranger may ask for, wherever the requests seem to come from, and whatever the cache does."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from bookings import limits
from bookings.models import Booking, Organizer, TimelineEntry
from bookings.tests.world import booked
from zinnect.cache import forget_outages, is_away
from zinnect.tests.fixtures import PASSWORD, OrganizerFactory
from zinnect.tests.security.forms import FORM_KEY, PAGE, filled, offered, strangers_client

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MOVE = "/b/{}/reschedule/"


@pytest.fixture(autouse=True)
def _limits_are_on(settings: Settings) -> Iterator[None]:
    """As by default; the other tests run without. Shortly after eight, so that no test ends in another window."""
    settings.RATE_LIMITS = "default"
    del settings.ACCOUNT_RATE_LIMITS
    with time_machine.travel(datetime(2026, 11, 30, 8, 0, 5, tzinfo=UTC)):
        yield


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes an hour from one address."""
    monkeypatch.setattr(limits, "CHANGES_BY_ADDRESS", limits.Limit("changes", 2, limits.HOUR))


def from_address(address: str, forwarded: str = "") -> Client:
    """A browser at an address, which says that it passed through others."""
    return strangers_client(REMOTE_ADDR=address, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}))


def book(client: Client, number: int = 0, **changes: Any) -> Any:
    """Send the form of the time that has the number, as a person of the number's own."""
    return client.post(PAGE, filled(client, pick=number, **{"email": f"person{number}@example.org"} | changes))


def age(booking: Booking, hours: float) -> None:
    Booking.objects.filter(pk=booking.pk).update(created_at=timezone.now() - timedelta(hours=hours))


# --- Bookings --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few", "ada")
def test_one_address_may_send_so_many_forms_an_hour() -> None:
    client = from_address("192.0.2.1")
    assert [book(client, number).status_code for number in range(4)] == [303, 303, 429, 429]
    assert Booking.objects.count() == 2
    assert book(from_address("192.0.2.2"), 5).status_code == 303


@pytest.mark.usefixtures("few", "ada")
def test_a_429_says_in_words_and_in_seconds_when_to_try_again() -> None:
    client = from_address("192.0.2.1")
    answer = [book(client, number) for number in range(3)][-1]
    assert 0 < int(answer["Retry-After"]) <= limits.HOUR
    assert re.search(r"Try again in \d+ minutes?\.", answer.content.decode())
    assert answer["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer


@pytest.mark.usefixtures("few", "ada")
def test_forms_that_were_refused_count_too() -> None:
    client = from_address("192.0.2.1")
    assert [client.post(PAGE, {}).status_code for _ in range(3)] == [422, 422, 429]


@pytest.mark.usefixtures("few", "ada")
def test_looking_is_free() -> None:
    client = from_address("192.0.2.1")
    assert {client.get(PAGE).status_code for _ in range(10)} == {200}


@pytest.mark.usefixtures("few", "ada")
@pytest.mark.parametrize("trusted", [0, 1, 2])
def test_a_forged_forwarded_header_gains_nothing(settings: Settings, trusted: int) -> None:
    settings.TRUSTED_PROXIES = trusted
    ours = ", 198.51.100.7" * trusted  # what our own proxies add
    answers = [
        book(from_address("10.0.0.1", f"203.0.113.{number}, evil{ours}"), number).status_code for number in range(3)
    ]
    assert answers == [303, 303, 429]


@pytest.mark.usefixtures("few", "ada")
def test_behind_a_trusted_proxy_people_are_told_apart(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    answers = [book(from_address("10.0.0.1", f"203.0.113.{number}"), number).status_code for number in range(4)]
    assert answers == [303] * 4


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", 0, "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1", 2, "10.0.0.1"),
        ("10.0.0.1", "not an address", 1, "unknown"),
        ("", "", 0, "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
        ("10.0.0.1", "[2001:db8:1:2::1]", 1, "2001:db8:1:2::/64"),
    ],
)
def test_where_a_request_came_from(settings: Settings, peer: str, forwarded: str, trusted: int, found: str) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert limits.client_address(request) == found


def test_one_person_has_five_bookings_a_day_however_the_address_is_written(ada: Organizer) -> None:
    writings = ["ida@example.org", "Ida@Example.org", "ida+1@example.org", "IDA@example.ORG", "ida+two@example.org"]
    answers = [book(strangers_client(), number, email=email).status_code for number, email in enumerate(writings)]
    assert answers == [303] * 5
    refused = book(strangers_client(), 6, email="ida+again@example.org")
    assert refused.status_code == 429
    assert 23 * limits.HOUR < int(refused["Retry-After"]) <= limits.DAY
    assert "Try again in about 24 hours." in refused.content.decode()
    age(Booking.objects.order_by("pk").first() or booked(ada), 24.1)
    assert book(strangers_client(), 6, email="ida@example.org").status_code == 303


def test_a_form_that_comes_again_is_the_same_booking_also_at_the_limit(
    ada: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "INVITEE_A_DAY", 1)
    client = strangers_client()
    form = filled(client)
    assert [client.post(PAGE, form).status_code for _ in range(3)] == [303, 303, 303]


def test_an_organizer_has_so_many_bookings_a_day(ada: Organizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ORGANIZER_A_DAY", 3)
    assert [book(strangers_client(), number).status_code for number in range(4)] == [303, 303, 303, 429]


def test_bookings_that_wait_for_confirmation_count_too(ada: Organizer, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.event_types.update(requires_confirmation=True)
    monkeypatch.setattr(limits, "INVITEE_A_DAY", 2)
    client = strangers_client()
    answers = [book(client, number, email="ida@example.org").status_code for number in range(3)]
    assert answers == [303, 303, 429]
    assert set(Booking.objects.values_list("status", flat=True)) == {"pending"}


def test_nobody_is_mailed_over_and_over_as_the_guest_of_strangers(
    ada: Organizer, organizer_named: OrganizerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TOLD", limits.Limit("told", 3, limits.DAY))
    answers = [
        book(strangers_client(), number, guests=f"Victim+{number}@example.net").status_code for number in range(4)
    ]
    assert answers == [303, 303, 303, 429]
    organizer_named("grace")
    client = strangers_client()
    page = client.get("/grace/intro/")
    slot = re.findall(r'data-slot="([^"]+)"', page.content.decode())[-1]
    key = FORM_KEY.search(client.get("/grace/intro/", {"slot": slot}).content.decode())
    assert key is not None
    form = {"slot": slot, "form_key": key[1], "name": "V", "email": "victim@example.net", "tz": "UTC"}
    assert client.post("/grace/intro/", form).status_code == 429


def test_a_booking_is_moved_ten_times_a_day_at_most(ada: Organizer) -> None:
    booking = booked(ada)
    entries = [TimelineEntry(booking=booking, kind="moved", text="Moved") for _ in range(limits.MOVES_A_DAY)]
    TimelineEntry.objects.bulk_create(entries)
    client = strangers_client()
    path = MOVE.format(booking.token)

    def move() -> Any:
        slot = offered(client)[-1]
        key = FORM_KEY.search(client.get(path, {"slot": slot}).content.decode())
        assert key is not None
        return client.post(path, {"slot": slot, "form_key": key[1], "reason": ""})

    assert move().status_code == 429
    TimelineEntry.objects.filter(pk=booking.timeline.latest("pk").pk).delete()
    assert move().status_code == 303


@pytest.mark.usefixtures("few")
def test_moves_and_cancels_count_by_address_too(ada: Organizer) -> None:
    booking = booked(ada)
    client = from_address("192.0.2.1")
    assert client.post(PAGE, {}).status_code == 422
    assert client.post(f"/b/{booking.token}/reschedule/", {}).status_code == 422
    assert client.post(f"/b/{booking.token}/cancel/", {}).status_code == 429


@pytest.mark.usefixtures("few", "ada")
def test_off_is_off(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS, settings.ACCOUNT_RATE_LIMITS = "off", False
    monkeypatch.setattr(limits, "INVITEE_A_DAY", 1)
    client = from_address("192.0.2.1")
    answers = [book(client, number, email="ida@example.org").status_code for number in range(4)]
    assert answers == [303] * 4
    assert {sign_in(client, password="wrong").status_code for _ in range(40)} == {200}


# --- Accounts --------------------------------------------------------------------------------------------------------


def sign_in(client: Client, *, login: str = "ada@example.com", password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": login, "password": password})


def test_passwords_cannot_be_tried_out(ada: Organizer) -> None:
    for number in range(5):
        sign_in(from_address(f"192.0.2.{number}"), password=f"wrong {number}")
    last = sign_in(from_address("192.0.2.99"))
    assert "Too many failed login attempts" in last.content.decode()
    assert "_auth_user_id" not in last.wsgi_request.session


@pytest.mark.parametrize(
    ("path", "fields", "most"),
    [
        ("/accounts/login/", {"login": "nobody{}@example.com", "password": "wrong"}, 30),
        ("/accounts/signup/", {"email": "not an address {}"}, 20),
        ("/accounts/password/reset/", {"email": "nobody{}@example.com"}, 20),
    ],
)
def test_one_address_tries_so_often_a_minute(
    ada: Organizer, settings: Settings, path: str, fields: dict[str, str], most: int
) -> None:
    settings.TRUSTED_PROXIES = 0
    answers = [
        from_address("192.0.2.1", f"203.0.113.{number}").post(
            path, {name: value.format(number) for name, value in fields.items()}
        )
        for number in range(most + 1)
    ]
    assert 429 not in [answer.status_code for answer in answers[:-1]]
    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (429, "60")
    assert "Wait a minute and try again." in answers[-1].content.decode()


def test_the_admins_door_counts_too(db: None) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    typed = {"username": "root", "password": "wrong"}
    answers = [
        from_address(f"192.0.2.{number}").post("/admin/login/", typed).status_code
        for number in range(limits.ADMIN_BY_NAME.count + 1)
    ]
    assert answers == [200] * limits.ADMIN_BY_NAME.count + [429]
    right = from_address("192.0.2.77").post("/admin/login/", typed | {"password": PASSWORD, "username": "ROOT"})
    assert right.status_code == 429


def test_the_admins_door_counts_addresses(db: None) -> None:
    client = from_address("192.0.2.1")
    answers = [
        client.post("/admin/login/", {"username": f"user{number}", "password": "wrong"}).status_code
        for number in range(limits.ADMIN_BY_ADDRESS.count + 1)
    ]
    assert answers == [200] * limits.ADMIN_BY_ADDRESS.count + [429]


# --- When the cache is down ------------------------------------------------------------------------------------------


@contextmanager
def nobody_there() -> Iterator[str]:
    """An address where every connection is refused."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{unused.getsockname()[1]}/0"


@contextmanager
def nobody_answers() -> Iterator[str]:
    """An address that takes connections and says nothing, as a stopped Redis does."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


@pytest.fixture(params=[nobody_there, nobody_answers], ids=lambda outage: str(outage.__name__))
def outage(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """The cache's Redis is refused, or hangs."""
    before = settings.CACHES
    with request.param() as address:
        settings.CACHES = {"default": {**before["default"], "LOCATION": address}}
        yield
    settings.CACHES = before
    forget_outages()


@pytest.mark.usefixtures("outage")
def test_without_the_cache_everything_answers_in_time(ada: Organizer) -> None:
    client = from_address("192.0.2.1")
    begun = time.monotonic()
    assert sign_in(client).status_code == 302
    assert time.monotonic() - begun < 2
    for wanted in (
        lambda: book(client).status_code == 303,
        lambda: client.post("/accounts/password/reset/", {"email": "ada@example.com"}).status_code == 302,
        lambda: client.post("/accounts/logout/").status_code == 302,
        lambda: client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 200,
        lambda: client.get("/readyz").json()["because"] == ["broker"],
    ):
        begun = time.monotonic()
        assert wanted()
        assert time.monotonic() - begun < 2
    assert is_away()


@pytest.mark.usefixtures("outage", "few", "ada")
def test_without_the_cache_a_process_counts_by_itself() -> None:
    client = from_address("192.0.2.1")
    assert [book(client, number).status_code for number in range(3)] == [303, 303, 429]


@pytest.mark.usefixtures("outage")
def test_an_outage_is_waited_for_once() -> None:
    begun = time.monotonic()
    for number in range(50):
        cache.set(f"key{number}", number)
        assert cache.get(f"key{number}") == number
    assert time.monotonic() - begun < 1


def test_when_redis_is_back_it_is_used_again(settings: Settings) -> None:
    cache_settings = settings.CACHES
    with nobody_there() as address:
        settings.CACHES = {"default": {**cache_settings["default"], "LOCATION": address}}
        cache.set("kept", "in our own memory")
        assert is_away()
    settings.CACHES = cache_settings
    cache.set("kept", "in Redis")
    assert (cache.get("kept"), is_away()) == ("in Redis", False)
    forget_outages()
