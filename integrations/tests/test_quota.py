"""A provider's daily limit: counted before each call, shared by all workers, told in time, and over at midnight UTC."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations import health, notices, quota, removal, tasks, usage
from integrations.errors import ConnectionUnusable, DailyLimitReached, ProviderError
from integrations.models import Connection, DailyUse
from integrations.oauth import call_with_token
from integrations.providers import MeetingDraft
from integrations.sandbox.testing import Sandbox
from integrations.tests.conftest import with_tokens
from integrations.zoom import client

pytestmark = pytest.mark.django_db

HOST = "the-host"
# In winter Berlin is an hour ahead: the day of UTC begins at 01:00 there.
MORNING = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 4, tzinfo=UTC)
DRAFT = MeetingDraft("Intro", "marker", MORNING + timedelta(days=9), 30, "Europe/Berlin")


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """Today at noon UTC: no test sees the day end by chance."""
    with time_machine.travel(timezone.now().astimezone(UTC).replace(hour=12, minute=0)):
        yield


@pytest.fixture(autouse=True)
def _limits_are_on(settings: Settings) -> None:
    settings.RATE_LIMITS = "default"


def used(calls: int, *, host: str = HOST, **more: Any) -> DailyUse:
    """So many calls of today are used."""
    return DailyUse.objects.create(
        provider="zoom", external_id=host, day=timezone.now().astimezone(UTC).date(), calls=calls, **more
    )


def calls_of(host: str = HOST) -> list[int]:
    """The counts of an account's days, the newest first."""
    return list(DailyUse.objects.filter(external_id=host).values_list("calls", flat=True))


def make(connection: Connection) -> None:
    """One meeting at Zoom, counted."""
    with quota.counted("zoom", connection.external_id, new=True):
        call_with_token(connection, lambda token: client.create_meeting(token, DRAFT))


# --- The count --------------------------------------------------------------------------------------------------------


def test_each_account_and_utc_day_is_counted_for_itself() -> None:
    with time_machine.travel(MIDNIGHT - timedelta(seconds=1), tick=False):
        quota.spend("zoom", HOST, new=True)
        quota.spend("zoom", HOST, new=False)
        quota.spend("zoom", "another", new=True)
    with time_machine.travel(MIDNIGHT, tick=False):
        quota.spend("zoom", HOST, new=True)
    assert (calls_of(), calls_of("another")) == ([1, 2], [1])


def test_new_meetings_leave_the_last_ten_for_those_that_people_hold() -> None:
    with time_machine.travel(MORNING, tick=False):
        used(89)
        quota.spend("zoom", HOST, new=True)
        with pytest.raises(DailyLimitReached, match=r"last 10 are kept.*again at 00:00 UTC") as caught:
            quota.spend("zoom", HOST, new=True)
        assert (caught.value.retryable, caught.value.retry_at) == (True, MIDNIGHT)
        for _change in range(10):
            quota.spend("zoom", HOST, new=False)
        with pytest.raises(DailyLimitReached, match=r"\(100\) is used up"):
            quota.spend("zoom", HOST, new=False)
        assert calls_of() == [100]


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_share_what_is_left() -> None:
    used(75)

    def spend(_number: int) -> bool:
        with closing(database):
            try:
                quota.spend("zoom", HOST, new=True)
            except DailyLimitReached:
                return False
            return True

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(spend, range(20))) == 15
    assert calls_of() == [90]


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_begin_a_day_together() -> None:
    def spend(_number: int) -> None:
        with closing(database):
            quota.spend("zoom", HOST, new=True)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(spend, range(20)))
    assert calls_of() == [20]


def test_counting_costs_one_query(django_assert_num_queries: Any) -> None:
    used(1)
    with django_assert_num_queries(1):
        quota.spend("zoom", HOST, new=True)


def test_without_limits_the_count_goes_on_and_holds_nothing_back(settings: Settings) -> None:
    settings.RATE_LIMITS = "off"
    used(100)
    quota.spend("zoom", HOST, new=True)
    assert calls_of() == [101]


def test_a_provider_without_a_limit_is_not_counted() -> None:
    quota.spend("google", HOST, new=True)
    assert not DailyUse.objects.exists()


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (ProviderError("lost", status=None, in_doubt=True, retryable=True), 1),
        (ProviderError("503", status=503, in_doubt=True, retryable=True), 1),
        (ProviderError("refused", status=400, code="300"), 1),
        (ProviderError("a second's limit", status=429, retryable=True), 1),
        (ProviderError("not reached", status=None, retryable=True), 0),
        (ProviderError("401", status=401, unauthorized=True), 0),
        (ConnectionUnusable("lost", status=400), 0),
    ],
    ids=str,
)
def test_what_reached_the_account_counts(error: ProviderError, left: int) -> None:
    with pytest.raises(ProviderError), quota.counted("zoom", HOST, new=True):
        raise error
    assert calls_of() == [left]


# --- The provider's own word ------------------------------------------------------------------------------------------


def test_when_zoom_says_that_the_day_is_used_up_nothing_more_is_sent_that_day(
    sandbox: Sandbox, zoom: Connection
) -> None:
    sandbox.act("daily_limit", limit=1)
    make(zoom)
    for _try in range(3):
        with pytest.raises(DailyLimitReached):
            make(zoom)
    assert len(sandbox.calls("meetings.create")) == 2
    sandbox.act("daily_limit", limit=100)
    tomorrow = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with time_machine.travel(tomorrow):
        make(zoom)
    assert len(sandbox.meetings()) == 2


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "2099-01-01T00:00:00Z"}, {"Retry-After": "900000"}])
def test_the_day_ends_at_midnight_utc_whatever_the_answer_says(
    sandbox: Sandbox, zoom: Connection, headers: dict[str, str]
) -> None:
    message = "You have exceeded the daily rate limit of (100) for Meeting Create/Update API requests."
    params = {"status": 429, "code": 429, "message": message, "headers": headers}
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params=params)
    now = timezone.now().astimezone(UTC)
    with pytest.raises(DailyLimitReached):
        make(zoom)
    closed = DailyUse.objects.get().closed_until
    assert closed is not None
    assert (closed - timedelta(days=1)).date() == now.date()
    assert (closed.hour, closed.minute, closed.second) == (0, 0, 0)


def test_an_earlier_time_of_the_providers_own_is_kept(sandbox: Sandbox, zoom: Connection) -> None:
    soon = timezone.now() + timedelta(seconds=2)
    DailyUse.objects.create(provider="zoom", external_id=HOST, day=soon.astimezone(UTC).date(), closed_until=soon)
    with time_machine.travel(soon - timedelta(seconds=1), tick=False), pytest.raises(DailyLimitReached) as caught:
        quota.spend("zoom", HOST, new=True)
    assert caught.value.retry_at == soon
    with time_machine.travel(soon, tick=False):
        quota.spend("zoom", HOST, new=True)


def test_the_limit_of_a_second_is_not_that_of_a_day(sandbox: Sandbox, zoom: Connection) -> None:
    sandbox.act("set", name="medium_per_second", value=0)
    with pytest.raises(ProviderError, match="slow down"):
        make(zoom)
    assert DailyUse.objects.get().closed_until is None
    sandbox.act("set", name="medium_per_second", value=20)
    make(zoom)
    assert calls_of(zoom.external_id) == [2]


def test_a_used_up_day_is_no_error_of_the_connection(sandbox: Sandbox, zoom: Connection, ada_user: Any) -> None:
    sandbox.act("daily_limit", limit=0)
    with pytest.raises(DailyLimitReached):
        make(zoom)
    assert with_tokens(ada_user).last_error == ""


# --- The organizer is told --------------------------------------------------------------------------------------------


def test_the_organizer_is_mailed_once_for_the_day_from_eighty_on(zoom: Connection, mailoutbox: list[Any]) -> None:
    with time_machine.travel(MORNING):
        row = used(79, host=zoom.external_id)
        tasks.sweep()
        assert mailoutbox == []
        for _call in range(3):
            quota.spend("zoom", zoom.external_id, new=True)
            tasks.sweep()
        assert [notices.mail_warning(row.pk), len(mailoutbox)] == [False, 1]
    with time_machine.travel(MIDNIGHT):
        used(80, host=zoom.external_id)
        tasks.sweep()
    (first, second) = mailoutbox
    assert first.to == second.to == ["ada@example.com"]
    assert first.subject == "Zoom: today's limit of meetings is nearly used up"
    assert "80 of the 100 meetings" in first.body
    assert "starts anew on 4 Dec, 01:00 (Europe/Berlin)" in first.body
    assert "http://localhost:8000/apps/integrations/zoom/" in first.body
    assert "80 of the 100 meetings" in first.alternatives[0][0]


def test_the_organizer_is_mailed_when_zoom_says_it_first(zoom: Connection, mailoutbox: list[Any]) -> None:
    with time_machine.travel(MORNING):
        used(12, host=zoom.external_id, closed_until=MIDNIGHT)
        tasks.sweep()
        tasks.sweep()
    assert "12 of the 100" in mailoutbox[0].body
    assert "Until then new bookings get the default video link." in mailoutbox[0].body
    assert len(mailoutbox) == 1


def test_two_sweeps_at_once_send_one_mail(
    zoom: Connection, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one has read the row as untold, and comes too late to claim it."""
    row, real = used(80, host=zoom.external_id), usage.holder

    def overtaken(found: DailyUse) -> Connection | None:
        monkeypatch.setattr(usage, "holder", real)
        assert notices.mail_warning(found.pk)
        return real(found)

    monkeypatch.setattr(usage, "holder", overtaken)
    assert not notices.mail_warning(row.pk)
    assert len(mailoutbox) == 1


def test_a_mail_that_cannot_be_sent_stays_due(zoom: Connection, settings: Settings) -> None:
    row = used(80, host=zoom.external_id)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert not notices.mail_warning(row.pk)
    assert usage.due_warnings(10) == [row.pk]


def test_nobody_is_told_of_yesterday_or_of_an_account_that_is_not_connected(
    zoom: Connection, mailoutbox: list[Any]
) -> None:
    with time_machine.travel(MORNING):
        used(100, host=zoom.external_id)
        used(100, host="somebody else's")
    with time_machine.travel(MIDNIGHT):
        tasks.sweep()
        used(100, host=zoom.external_id)
        removal.remove(zoom, by="organizer")
        tasks.sweep()
    assert mailoutbox == []


PAGES = ["/apps/integrations/", "/apps/integrations/zoom/", "/bookings/", "/event-types/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_say_that_the_limit_is_near_in_the_organizers_own_zone(
    zoom: Connection, as_ada: Client, path: str
) -> None:
    with time_machine.travel(MORNING):
        as_ada.force_login(zoom.user)
        row = used(79, host=zoom.external_id)
        assert "data-near-limit" not in as_ada.get(path).content.decode()
        DailyUse.objects.filter(pk=row.pk).update(calls=84)
        shown = as_ada.get(path).content.decode()
        assert 'data-near-limit="zoom"' in shown
        assert "84 of the 100 meetings" in shown
        assert "4 Dec, 01:00 (Europe/Berlin)" in shown
        assert "After 90, new bookings get the default video link" in shown
        DailyUse.objects.filter(pk=row.pk).update(calls=90)
        assert "Until then new bookings get the default video link." in as_ada.get(path).content.decode()
    with time_machine.travel(MIDNIGHT):
        as_ada.force_login(zoom.user)
        assert "data-near-limit" not in as_ada.get(path).content.decode()


def test_the_zoom_page_tells_the_count_before_it_is_near(zoom: Connection, as_ada: Client) -> None:
    used(3, host=zoom.external_id)
    assert "3 of the 100 meetings" in as_ada.get("/apps/integrations/zoom/").content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_another_organizer_is_told_nothing_of_it(zoom: Connection, as_grace: Client, path: str) -> None:
    used(95, host=zoom.external_id)
    assert "of the 100 meetings" not in as_grace.get(path).content.decode()


def test_a_lost_connection_is_told_of_instead(zoom: Connection, as_ada: Client, mailoutbox: list[Any]) -> None:
    used(95, host=zoom.external_id)
    health.lose(zoom, "Lost.")
    tasks.sweep()
    assert [mail.subject for mail in mailoutbox] == ["Zoom needs to be reconnected"]
    assert "data-near-limit" not in as_ada.get("/bookings/").content.decode()


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_old_days_are_swept() -> None:
    with time_machine.travel(MORNING):
        used(1)
    with time_machine.travel(MORNING + timedelta(days=7)):
        used(2)
        tasks.sweep()
    assert calls_of() == [2, 1]
    with time_machine.travel(MORNING + timedelta(days=8)):
        tasks.sweep()
    assert calls_of() == [2]


def test_admins_see_the_days_and_edit_nothing(admin_client: Client) -> None:
    row = used(42)
    assert "42" in admin_client.get("/admin/integrations/dailyuse/").content.decode()
    assert admin_client.get("/admin/integrations/dailyuse/add/").status_code == 403
    assert 'name="calls"' not in admin_client.get(f"/admin/integrations/dailyuse/{row.pk}/change/").content.decode()
