"""Every page that somebody can come to, in every state. A new page belongs here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page

from bookings.models import Booking
from bookings.tests import people
from zinnect.mail_samples import samples
from zinnect.tests.screenshots import world as rows
from zinnect.tests.screenshots.camera import Scene
from zinnect.tests.screenshots.world import World, furnish


def scenes() -> Iterator[Scene]:
    """All of them, on rows that are made first."""
    world = furnish()
    for room in ROOMS.values():
        yield from room(world)
    yield from _mails()


def _mails() -> Iterator[Scene]:
    """Each by itself: of the preview's frames a picture of the whole page shows only those first in sight."""
    for name in samples("en"):
        yield Scene(f"mail-{name}", f"/mail-preview/html/?mail={name}", site="debug")


def _public(world: World) -> Iterator[Scene]:
    here = "/sarah/intro/"
    yield Scene("public-organizer", "/sarah/")
    yield Scene("public-month", f"{here}?tz=Europe/Berlin")
    yield Scene("public-month-12-hours", f"{here}?tz=America/New_York&clock=12")
    yield Scene("public-night", f"{here}?tz=Asia/Tokyo")
    yield Scene("public-empty-month", f"{here}?month={timezone.now().year - 1}-01&tz=Europe/Berlin")
    yield Scene("public-no-times-at-all", "/sarah/never/?tz=Europe/Berlin")
    yield Scene("public-unknown-zone", f"{here}?tz=Mars/Olympus")
    yield Scene("public-zone-open", f"{here}?tz=Europe/Berlin", act=lambda page: page.click(".zone summary"))
    yield Scene("public-busy-unknown", "/paul/intro/?tz=Europe/Berlin")
    yield Scene("public-gone", f"{here}?slot=2020-01-01T09:00:00Z&tz=Europe/Berlin")
    yield Scene("public-form", f"{here}?tz=Europe/Berlin", act=_to_the_form)
    yield Scene("public-form-questions", "/sarah/quick/?tz=Europe/Berlin", act=_to_the_form)
    yield Scene("public-form-422", f"{here}?tz=Europe/Berlin", act=_with_mistakes)
    yield Scene("public-form-409", f"{here}?tz=Europe/Berlin", act=lambda page: _too_late(page, world))


def _to_the_form(page: Page) -> None:
    page.locator("[data-slot]").first.click()
    page.wait_for_selector("[name=email]")


def _with_mistakes(page: Page) -> None:
    _to_the_form(page)
    page.fill("[name=name]", "Ines www.example.org")
    page.fill("[name=email]", "ines@example")
    page.click("summary:has-text('guests')")
    page.fill("[name=guests]", "nobody")
    page.evaluate("document.querySelector('#form').noValidate = true")
    page.click("#form button[type=submit]")
    page.wait_for_selector("[aria-invalid=true]")


def _too_late(page: Page, world: World) -> None:
    _to_the_form(page)
    page.fill("[name=name]", "Ines Ibarra")
    page.fill("[name=email]", "ines@example.org")
    page.fill("[name=notes]", "About the second half of the year.")
    start = page.input_value("[name=slot]")
    moment = datetime.fromisoformat(start)
    end = moment + world.sarah.event_types.get(slug="intro").duration
    people.booked(world.sarah, start=moment, end=end, blocked_from=moment, blocked_until=end)
    page.click("#form button[type=submit]")
    page.wait_for_selector("input[type=radio][name=slot]")
    Booking.objects.filter(organizer=world.sarah, start=moment).delete()


def _invitees(world: World) -> Iterator[Scene]:
    for state in ("ready", "arranging", "cancelled", "declined", "pending", "over", "erased"):
        yield Scene(f"booking-{state}", f"/b/{world.bookings[state].token}/")
    mine = f"/b/{world.bookings['ready'].token}/"
    yield Scene("booking-reschedule", f"{mine}reschedule/")
    yield Scene("booking-reschedule-confirm", f"{mine}reschedule/", act=_to_another_time)
    yield Scene("booking-cancel", f"{mine}cancel/")
    yield Scene("booking-refused", f"/b/{world.bookings['over'].token}/cancel/")


def _to_another_time(page: Page) -> None:
    page.locator("[data-slot]").last.click()
    page.wait_for_selector("[name=reason]")


def _organizers(world: World) -> Iterator[Scene]:
    paul, fresh = world.sessions["paul"], world.sessions["fresh"]
    yield Scene("first-steps-new", "/start/", world.sessions["newcomer"])
    yield Scene("first-steps", "/start/", fresh)
    yield Scene("bookings", "/bookings/", paul)
    yield Scene("bookings-waiting", "/bookings/?show=waiting", paul)
    yield Scene("bookings-past", "/bookings/?show=past", paul)
    yield Scene("bookings-cancelled", "/bookings/?show=cancelled", paul)
    yield Scene("bookings-not-found", "/bookings/?q=nobody", paul)
    yield Scene("bookings-empty", "/bookings/", fresh)
    yield Scene("bookings-near-limit", "/bookings/", world.sessions["limit"])
    yield Scene("bookings-banner", "/bookings/", world.sessions["ended"])
    for state in ("organizers", "trouble", "gave-up", "unmanaged"):
        yield Scene(f"one-booking-{state}", f"/bookings/{world.bookings[state].uid}/", paul)
    yield Scene("one-booking-answer", f"/bookings/{world.bookings['waits'].uid}/answer/", paul)
    sarahs = f"/bookings/{world.bookings['ready'].uid}/"
    yield Scene("one-booking-cancel", f"{sarahs}cancel/", world.sessions["sarah"])
    yield Scene("one-booking-reschedule", f"{sarahs}reschedule/", world.sessions["sarah"])
    yield Scene("event-types", "/event-types/", world.sessions["sarah"])
    yield Scene("event-type-new", "/event-types/new/", paul)
    yield Scene("event-type", f"/event-types/{world.sarah.event_types.get(slug='intro').pk}/", world.sessions["sarah"])
    quick = world.sarah.event_types.get(slug="quick").pk
    yield Scene("event-type-questions", f"/event-types/{quick}/questions/", world.sessions["sarah"])
    yield Scene("event-type-422", "/event-types/new/", paul, act=_save_nothing)
    yield Scene("availability", "/availability/", paul)
    yield Scene("availability-schedule", f"/availability/{world.sarah.schedules.get().pk}/", world.sessions["sarah"])
    yield Scene("settings-delete-account", "/settings/delete-account/", paul)
    yield Scene("settings", "/settings/", paul)


def _save_nothing(page: Page) -> None:
    page.click("main form button >> nth=-1")
    page.wait_for_selector(".field-error")


def _integrations(world: World) -> Iterator[Scene]:
    here = "/apps/integrations/"
    yield Scene("integrations-not-connected", here, world.sessions["fresh"])
    yield Scene("integrations-connected", here, world.sessions["paul"])
    yield Scene("settings-integrations", "/settings/integrations/", world.sessions["paul"])
    yield Scene("integrations-not-configured", here, world.sessions["fresh"], site="debug")
    yield Scene("zoom-not-configured", f"{here}zoom/", world.sessions["fresh"], site="debug")
    yield Scene("zoom-not-connected", f"{here}zoom/", world.sessions["fresh"])
    yield Scene("zoom-connected", f"{here}zoom/", world.sessions["paul"])
    yield Scene("google-calendars", f"{here}google/calendars/", world.sessions["paul"])
    yield Scene("google-connected", f"{here}google/", world.sessions["paul"])
    for state in rows.ZOOM_STATES:
        yield Scene(f"integrations-{state}", here, world.sessions[state])
        yield Scene(f"zoom-{state}", f"{here}zoom/", world.sessions[state])
    yield Scene("zoom-remove", f"{here}zoom/remove/", world.sessions["paul"])
    yield Scene("google-remove", f"{here}google/remove/", world.sessions["paul"])
    yield Scene("zoom-refusal", f"{here}zoom/callback/?state=unknown", world.sessions["fresh"])


def _accounts(world: World) -> Iterator[Scene]:
    paul, here = world.sessions["paul"], "/accounts/"
    yield Scene("account-sign-in", f"{here}login/")
    yield Scene("account-sign-in-wrong", f"{here}login/", act=_sign_in_wrongly)
    yield Scene("account-sign-up", f"{here}signup/")
    yield Scene("account-sign-up-closed", f"{here}signup/", site="strict")
    yield Scene("account-confirm-sent", f"{here}confirm-email/")
    yield Scene("account-confirm-broken", f"{here}confirm-email/broken/")
    yield Scene("account-reset", f"{here}password/reset/")
    yield Scene("account-reset-done", f"{here}password/reset/done/")
    yield Scene("account-reset-broken", f"{here}password/reset/key/1-broken/")
    yield Scene("account-reset-key-done", f"{here}password/reset/key/done/")
    yield Scene("account-inactive", f"{here}inactive/")
    for name in ("email", "logout", "password/change", "2fa", "reauthenticate"):
        yield Scene(f"account-{name.replace('/', '-')}", f"{here}{name}/", paul)
    yield Scene("account-confirm", world.links["confirm"])
    yield Scene("account-reset-key", world.links["reset"])
    yield Scene("account-2fa-sign-in", f"{here}login/", act=_to_the_second_factor)
    careful = world.sessions["careful"]
    yield Scene("account-2fa-on", f"{here}2fa/", careful)
    yield Scene("account-2fa-reauthenticate", f"{here}2fa/reauthenticate/", careful)
    for name in ("totp/deactivate", "recovery-codes", "recovery-codes/generate"):
        page = f"{here}2fa/{name}/"
        yield Scene(f"account-2fa-{name.replace('/', '-')}", page, careful, act=_confirm_by_password)
    yield Scene("account-2fa-activate", f"{here}2fa/totp/activate/", paul, act=_confirm_by_password)


def _sign_in_wrongly(page: Page) -> None:
    page.fill("[name=login]", "nobody@example.com")
    page.fill("[name=password]", "not the password")
    page.click("main button[type=submit]")
    page.wait_for_selector("[role=alert]")


def _to_the_second_factor(page: Page) -> None:
    page.fill("[name=login]", "careful@example.com")
    page.fill("[name=password]", rows.PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector("[name=code]")


def _confirm_by_password(page: Page) -> None:
    if page.locator("[name=password]").count():
        page.fill("[name=password]", rows.PASSWORD)
        page.click("main button[type=submit]")
    page.wait_for_load_state()


def _others(world: World) -> Iterator[Scene]:
    yield Scene("home", "/")
    yield Scene("help-zoom", "/help/zoom/")
    yield Scene("privacy", "/privacy/")
    yield Scene("styleguide", "/styleguide/", site="debug")
    yield Scene("mail-preview", "/mail-preview/", site="debug")
    yield Scene("error-404", "/no/such/page/at/all/", status=404)
    yield Scene("error-400", "/", act=_by_another_name)
    yield Scene("error-403", "/accounts/login/", act=_without_cookie)
    yield Scene("error-429", "/accounts/login/", act=_too_often, site="strict")
    yield Scene("error-500", "/", act=_without_a_table)


def _by_another_name(page: Page) -> None:
    page.goto(page.url.replace("localhost", "127.0.0.1"))


def _without_cookie(page: Page) -> None:
    page.context.clear_cookies()
    page.fill("[name=login]", "nobody@example.com")
    page.fill("[name=password]", "not the password")
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def _too_often(page: Page) -> None:
    while page.locator("[name=password]").count():
        _sign_in_wrongly_or_not_at_all(page)


def _sign_in_wrongly_or_not_at_all(page: Page) -> None:
    page.fill("[name=login]", "nobody@example.com")
    page.fill("[name=password]", "not the password")
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def _without_a_table(page: Page) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_organizer RENAME TO away")
        try:
            page.goto("/sarah/")
        finally:
            cursor.execute("ALTER TABLE away RENAME TO bookings_organizer")


ROOMS: dict[str, Callable[[World], Iterator[Scene]]] = {
    "public": _public,
    "invitees": _invitees,
    "organizers": _organizers,
    "integrations": _integrations,
    "accounts": _accounts,
    "others": _others,
}
