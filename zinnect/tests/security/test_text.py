"""What a stranger types stays text: in pages, admin, mails and their headers, calendar files and events."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from html import escape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from bookings.arrange.content import event_body, meeting_draft
from bookings.forms_public import NameField, ParagraphsField, ascii_address
from bookings.invitations import ics, mail
from bookings.models import Announcement, Booking, Meeting, Message, Organizer
from bookings.questions import Question, ask
from bookings.tests.world import booked
from bookings.unlinked import unlinked
from zinnect.tests.security.forms import PAGE, filled, offered, strangers_client

HTML = "<img src=x onerror=alert(1)>"
NAME = f"O\"Br'ien & {HTML}"
NOTES = f"</script><script>alert(2)</script>\r\n{HTML}\nBEGIN:VEVENT\n=cmd|'/C calc'!A0 {{{{7*7}}}}"
# Names as the form lets them through, whatever was typed.
TYPED = st.text(min_size=1, max_size=100) | st.sampled_from([NAME, "a;b:c,d\\n", "^n", "=?utf-8?q?=41?=", "x" * 100])


def accepted(typed: str) -> str:
    """What the form makes of a name; empty where it refuses it."""
    try:
        return str(NameField(max_length=100, required=False).clean(typed))
    except ValidationError:
        return ""


@pytest.fixture
def hostile(ada: Organizer) -> Booking:
    """Booked through the page by somebody who means no good."""
    client = strangers_client()
    ask(ada.event_types.get(), [Question("Who?", key="who"), Question("Why?", "long", key="why")])
    typed: dict[str, Any] = {"notes": NOTES, "q-who": NAME, "q-why": NOTES}
    answer = client.post(PAGE, filled(client, name=NAME, guests="guest@example.net", **typed))
    assert answer.status_code == 303
    return Booking.objects.get()


def rendered(booking: Booking, role: str) -> Parsed:
    """Our mail as it goes out, parsed again; it carries the invitation."""
    message = Message(booking=booking, revision=1, kind="confirmed", role=role, to_email="reader@example.net")
    announcement = Announcement(booking=booking, revision=1, channel="mail", provider="", join_url="")
    raw = mail(message, announcement).message().as_bytes()
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, Parsed)
    return parsed


def part(message: Parsed, kind: str) -> str:
    """The decoded text of one part."""
    (found,) = [piece for piece in message.walk() if piece.get_content_type() == kind]
    return str(found.get_content())


def test_pages_show_it_as_text(hostile: Booking, ada: Organizer) -> None:
    organizer, admin = Client(), Client()
    organizer.force_login(ada.user)
    admin.force_login(User.objects.create_superuser("root"))
    pages = {
        "invitee": Client().get(f"/b/{hostile.token}/"),
        "cancel": Client().get(f"/b/{hostile.token}/cancel/"),
        "organizer": organizer.get(f"/bookings/{hostile.uid}/"),
        "list": organizer.get("/bookings/"),
        "admin": admin.get(f"/admin/bookings/booking/{hostile.pk}/change/"),
        "admin list": admin.get("/admin/bookings/booking/"),
    }
    for name, page in pages.items():
        assert page.status_code == 200, name
        assert "<img src=x" not in page.content.decode(), name
        assert "<script>alert" not in page.content.decode(), name
    for name in ("organizer", "list", "admin", "admin list"):
        assert escape(HTML) in pages[name].content.decode(), name


def test_a_refused_form_shows_it_as_text(ada: Organizer) -> None:
    client = strangers_client()
    typed = {"name": NAME + "\x01", "notes": NOTES, "guests": HTML, "email": HTML, "tz": HTML, "form_key": HTML}
    page = client.post(PAGE, filled(client) | typed).content.decode()
    assert "<img src=x" not in page
    assert escape(HTML) in page
    for parameter in ("tz", "month", "date", "slot", "clock", "name", "email", "q-who"):
        assert "<img src=x" not in client.get(PAGE, {parameter: f'">{HTML}'}).content.decode()


def test_a_form_that_a_link_filled_in_shows_it_as_text(ada: Organizer) -> None:
    ask(ada.event_types.get(), [Question("Who?", key="who"), Question("Why?", "long", key="why")])
    client = strangers_client()
    given = {"name": NAME, "email": HTML, "q-who": NAME, "q-why": f"</textarea>{HTML}"}
    page = client.get(PAGE, given | {"slot": offered(client)[0]}).content.decode()
    assert "<img src=x" not in page
    assert page.count(escape(HTML)) >= len(given)


@pytest.mark.parametrize("role", ["invitee", "organizer", "guest"])
def test_mails_show_it_as_text(hostile: Booking, role: str) -> None:
    message = rendered(hostile, role)
    html = part(message, "text/html")
    assert "<img" not in html
    assert "<script" not in html
    if role == "organizer":
        assert html.count(escape(HTML)) == 6  # title, name twice, notes, two answers
        assert HTML in part(message, "text/plain")


def test_the_event_of_the_calendar_shows_it_as_text(hostile: Booking) -> None:
    body = event_body(hostile, provider="zoom", join_url="https://zoom.example/j/1", with_people=True)
    assert "<" not in body["description"]
    assert escape(HTML) in body["description"]


def test_the_meetings_topic_fits(hostile: Booking) -> None:
    hostile.title, hostile.invitee_name = "t" * 120, "n" * 100
    draft = meeting_draft(hostile, Meeting(marker="zn-1"))
    assert len(draft.topic) <= 200


HYPOTHESIS = settings(
    max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def plain(ada: Organizer) -> Booking:
    """A booking that is renamed again and again."""
    return booked(ada, guests=("guest@example.net",))


@pytest.mark.slow
@HYPOTHESIS
@given(typed=TYPED)
def test_no_name_gets_into_a_header_of_its_own(plain: Booking, typed: str) -> None:
    plain.invitee_name = accepted(typed) or "Ida"
    message = rendered(plain, "organizer")
    assert message.keys().count("Subject") == message.keys().count("To") == 1
    assert {name.lower() for name, _value in message.items()} <= {
        *("subject", "from", "to", "reply-to", "date", "message-id", "auto-submitted", "mime-version"),
        *("content-type", "content-transfer-encoding"),
    }
    assert message["To"] == "reader@example.net"
    assert [address.addr_spec for address in message["Reply-To"].addresses] == ["ida@example.org"]
    assert len(message["Subject"].splitlines()) == 1


@pytest.mark.slow
@HYPOTHESIS
@given(typed=TYPED)
def test_no_name_gets_out_of_its_place_in_a_calendar_file(plain: Booking, typed: str) -> None:
    plain.invitee_name = accepted(typed) or "Ida"
    raw = ics(plain, method="REQUEST")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    event: Any = Calendar.from_ical(raw.decode()).walk("VEVENT")[0]
    assert event["summary"].endswith(f" – {plain.invitee_name}")
    assert sorted(str(attendee) for attendee in event["attendee"]) == [
        "mailto:guest@example.net",
        "mailto:ida@example.org",
    ]
    assert {name.lower() for name in event} == {
        *("uid", "sequence", "dtstamp", "dtstart", "dtend", "summary", "status", "organizer", "attendee")
    }


# --- Names, notes and addresses as the form takes them ---------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["Ida\nBcc: x", "Ida\x85Bcc", "Ida\u2028Bcc", "Ida\u2029Bcc", "Ida\x1b[31m", "https://evil.example", "WWW.evil"],
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    assert accepted(typed) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Zoë O'Brien-Smith", "Zoë O'Brien-Smith"),
        ("J.R. Smith", "J.R. Smith"),
        ("Dr.Smith", "Dr. Smith"),
        ("win.evil.example/now", "win. evil. example/now"),
        ("محمد عبد الله", "محمد عبد الله"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("\u202egro.live", "gro. live"),
        ("👩\u200d🚀 Ida", "👩\u200d🚀 Ida"),
    ],
)
def test_names_stay_names(typed: str, kept: str) -> None:
    assert accepted(typed) == kept


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("see https://evil.example/a?b=c", "see https: //evil. example/a?b=c"),
        ("www.evil.example", "www. evil. example"),
        ("evil.example", "evil. example"),
        ("write to eve@evil.example", "write to eve@evil. example"),
        ("zoommtg://evil", "zoommtg: //evil"),
        ("HTTP://10.0.0.1/", "HTTP: //10.0.0.1/"),
        ("bücher.example", "bücher. example"),
        ("evil。example", "evil。 example"),
        ("=?utf-8?q?=68ttps?=", "= ?utf-8?q?=68ttps?="),
        ("At 9.30, v1.2. Bring the book.\nThanks!", "At 9.30, v1.2. Bring the book.\nThanks!"),
    ],
)
def test_what_mail_programs_make_links_of_is_broken_up(typed: str, shown: str) -> None:
    assert unlinked(typed) == shown
    assert unlinked(shown) == shown


def test_notes_keep_their_lines_and_lose_what_no_keyboard_has() -> None:
    assert ParagraphsField().clean("one\r\ntwo\rthree\tfour\x1b[31m\x0b\x7f") == "one\ntwo\nthree\tfour[31m"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ida@example.org", "ida@example.org"),
        ("Ida.O'Brien+x@Example.org", "Ida.O'Brien+x@Example.org"),
        ("ida@bücher.example", "ida@xn--bcher-kva.example"),
        ("\u0131da@example.org", ""),
        ("ida@\u212aelvin.org", "ida@kelvin.org"),
        ('"\x01"@example.org', ""),
        ('"a,b@c.org"@example.org', ""),
        ("ida@-example.org", ""),
        ("ida@exa mple.org", ""),
        ("ida@" + "a." * 200 + "org", ""),
        ("ida", ""),
        ("", ""),
    ],
)
def test_addresses_are_such_that_mail_can_be_sent_to(typed: str, kept: str) -> None:
    assert ascii_address(typed) == kept


def test_an_address_with_umlauts_is_booked_with_and_written_to(ada: Organizer) -> None:
    client = strangers_client()
    form = filled(client, email="ida@bücher.example", guests="gast@bücher.example")
    assert client.post(PAGE, form).status_code == 303
    booking = Booking.objects.get()
    assert booking.invitee_email == "ida@xn--bcher-kva.example"
    assert [guest.email for guest in booking.guests.all()] == ["gast@xn--bcher-kva.example"]
    assert rendered(booking, "organizer")["Reply-To"] == "Ida Invitee <ida@xn--bcher-kva.example>"
