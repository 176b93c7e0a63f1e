"""What an event type asks: changed by its organizer, answered by invitees, kept as it was asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from bookings.arrange.content import event_body
from bookings.forms_answers import PhoneField
from bookings.invitations import ics
from bookings.models import Booking, EventType, Organizer
from bookings.questions import Question, ask, questions_of
from bookings.tests.world import booked as booked_by_ida
from bookings.tests.world import connect, live_event, settle
from integrations.sandbox.testing import Sandbox
from zinnect.tests.security.forms import PAGE, SLOT, filled, strangers_client

COMPANY: dict[str, Any] = {"label": "Your company", "kind": "text"}
LEVEL: dict[str, Any] = {"label": "Your level", "kind": "choice", "choices": "Beginner\n Club player \n\nBeginner"}


def rows(*questions: dict[str, Any], known: int = 0, **more: str) -> dict[str, str]:
    """Questions as the organizer's page sends them; ``known`` of them were there before."""
    sent = {"form-TOTAL_FORMS": str(len(questions)), "form-INITIAL_FORMS": str(known)}
    for number, question in enumerate(questions):
        blank = {"label": "", "kind": "text", "choices": "", "key": ""}
        sent |= {f"form-{number}-{name}": str(value) for name, value in (blank | question).items()}
    return sent | more


@pytest.fixture
def intro(ada: Organizer) -> EventType:
    """Ada's event type."""
    return ada.event_types.get()


@pytest.fixture
def path(intro: EventType) -> str:
    """Where its questions are changed."""
    return reverse("organizer:questions", args=[intro.pk])


@pytest.fixture
def asked(intro: EventType) -> EventType:
    """One question of each kind, all to be answered."""
    kinds = [("Your company", "text"), ("Your aims", "long"), ("Your level", "choice")]
    kinds += [("Your phone", "phone"), ("I have a board", "checkbox")]
    choices = {"choice": ["Beginner", "Club player"]}
    questions = [
        Question(label, kind, required=True, choices=choices.get(kind, []), key=label.split()[-1].lower())
        for label, kind in kinds
    ]
    ask(intro, questions)
    return intro


ANSWERS: dict[str, Any] = {
    "q-company": "Acme",
    "q-aims": "Win\r\nmore",
    "q-level": "Club player",
    "q-phone": "+49 30 123456",
    "q-board": "on",
}
SHOWN = [
    ("Your company", "Acme"),
    ("Your aims", "Win\nmore"),
    ("Your level", "Club player"),
    ("Your phone", "+49 30 123456"),
    ("I have a board", True),
]


def answers(booking: Booking) -> list[tuple[str, str | bool]]:
    return [(answer["label"], answer["value"]) for answer in booking.answers]


def stored(event_type: EventType) -> list[Question]:
    event_type.refresh_from_db()
    return questions_of(event_type)


def labels(event_type: EventType) -> list[str]:
    return [question.label for question in stored(event_type)]


# --- The organizer's page --------------------------------------------------------------------------------------------


def test_questions_are_stored_in_their_order_with_a_key_of_their_own(
    as_ada: Client, intro: EventType, path: str
) -> None:
    answer = as_ada.post(path, rows(COMPANY | {"ORDER": "2"}, LEVEL | {"ORDER": "1", "required": "on"}, COMPANY))
    assert answer.status_code == 302
    assert stored(intro) == [
        Question("Your level", "choice", required=True, choices=["Beginner", "Club player"], key="your-level"),
        Question("Your company", key="your-company"),
        Question("Your company", key="your-company-2"),
    ]


def test_a_blank_question_is_left_out(as_ada: Client, intro: EventType, path: str) -> None:
    assert as_ada.post(path, rows(COMPANY, {})).status_code == 302
    assert labels(intro) == ["Your company"]


def test_a_question_keeps_its_key_under_another_label(as_ada: Client, intro: EventType, path: str) -> None:
    as_ada.post(path, rows(COMPANY))
    as_ada.post(path, rows(COMPANY | {"key": "your-company", "label": "Whom you work for"}, COMPANY, known=1))
    assert {question.key: question.label for question in stored(intro)} == {
        "your-company": "Whom you work for",
        "your-company-2": "Your company",
    }


def test_a_label_without_a_latin_letter_gets_a_key_too(as_ada: Client, intro: EventType, path: str) -> None:
    as_ada.post(path, rows(COMPANY | {"label": "会社"}))
    assert [question.key for question in stored(intro)] == ["question"]


def test_a_question_is_removed(as_ada: Client, intro: EventType, path: str) -> None:
    as_ada.post(path, rows(COMPANY, LEVEL))
    as_ada.post(path, rows(COMPANY | {"key": "your-company", "DELETE": "on"}, LEVEL, known=2))
    assert labels(intro) == ["Your level"]


def test_another_blank_question_is_added_without_saving_or_losing_what_was_typed(
    as_ada: Client, intro: EventType, path: str
) -> None:
    page = as_ada.post(path, rows(COMPANY, LEVEL, add="1")).content.decode()
    assert 'value="Your company"' in page
    assert "Club player" in page
    assert 'name="form-2-label"' in page
    assert 'name="form-TOTAL_FORMS" value="3"' in page
    assert "Not saved yet." in page
    assert labels(intro) == []


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"label": ""}, "This field is required."),
        ({"label": "x" * 201}, "at most 200 characters"),
        ({"label": "One\nTwo"}, "Write this on one line."),
        ({"kind": "date"}, "Select a valid choice."),
        ({"kind": "choice"}, "Give at least two choices, one on a line."),
        ({"kind": "choice", "choices": "Only one"}, "Give at least two choices, one on a line."),
        ({"kind": "choice", "choices": "\n".join(map(str, range(21)))}, "At most 20 choices."),
        ({"kind": "choice", "choices": "a\n" + "b" * 101}, "A choice has at most 100 characters."),
        ({"ORDER": "first"}, "Enter a whole number."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(
    as_ada: Client, intro: EventType, path: str, question: dict[str, str], words: str
) -> None:
    ask(intro, [Question("An old one")])
    answer = as_ada.post(path, rows(COMPANY | question, LEVEL, known=1))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Club player" in answer.content.decode()
    assert labels(intro) == ["An old one"]


def test_eleven_questions_are_too_many(as_ada: Client, intro: EventType, path: str) -> None:
    answer = as_ada.post(path, rows(*[COMPANY | {"label": f"Question {number}"} for number in range(11)]))
    assert answer.status_code == 422
    assert "asks ten questions of its own at most" in answer.content.decode()
    assert as_ada.post(path, rows(*[COMPANY] * 10)).status_code == 302
    page = as_ada.get(path).content.decode()
    assert page.count("Question ") >= 10
    assert "Add another question" not in page
    assert len(labels(intro)) == 10


@pytest.mark.parametrize("sent", [{}, {"form-TOTAL_FORMS": "9" * 400}, {"form-TOTAL_FORMS": "-1"}])
def test_a_page_that_lost_its_parts_changes_nothing(
    as_ada: Client, intro: EventType, path: str, sent: dict[str, str]
) -> None:
    ask(intro, [Question("An old one")])
    for more in ({}, {"add": "1"}):
        assert as_ada.post(path, sent | more).status_code == (200 if more else 422)
    assert labels(intro) == ["An old one"]


def test_what_others_ask_is_not_found(as_ada: Client, grace: Organizer) -> None:
    theirs = grace.event_types.get()
    ask(theirs, [Question("An old one")])
    path = reverse("organizer:questions", args=[theirs.pk])
    assert as_ada.get(path).status_code == 404
    assert as_ada.post(path, rows(COMPANY)).status_code == 404
    assert labels(theirs) == ["An old one"]


# --- The booking form ------------------------------------------------------------------------------------------------


def test_answers_are_kept_with_the_booking(asked: EventType) -> None:
    client = strangers_client()
    assert client.post(PAGE, filled(client, **ANSWERS)).status_code == 303
    assert answers(Booking.objects.get()) == SHOWN


def test_answers_stay_as_they_were_asked(asked: EventType) -> None:
    client = strangers_client()
    client.post(PAGE, filled(client, **ANSWERS))
    ask(asked, [Question("Something else", key="company")])
    assert answers(Booking.objects.get()) == SHOWN


def test_what_is_optional_may_be_left_empty_and_an_unticked_box_says_no(asked: EventType) -> None:
    ask(asked, [replace(question, required=False) for question in stored(asked)])
    client = strangers_client()
    assert client.post(PAGE, filled(client)).status_code == 303
    assert answers(Booking.objects.get()) == [("I have a board", False)]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("q-company", "", "This field is required."),
        ("q-company", "x" * 501, "at most 500 characters"),
        ("q-company", "a\nb", "Write this on one line."),
        ("q-aims", "", "This field is required."),
        ("q-aims", "x" * 2001, "at most 2000 characters"),
        ("q-level", "", "This field is required."),
        ("q-level", "Grandmaster", "Choose one of these."),
        ("q-phone", "", "This field is required."),
        ("q-phone", "call me", "Enter a phone number"),
        ("q-board", "", "Tick this box to go on."),
    ],
)
def test_a_wrong_answer_gets_its_message_and_all_else_is_kept(
    asked: EventType, name: str, value: str, words: str
) -> None:
    client = strangers_client()
    answer = client.post(PAGE, filled(client, **(ANSWERS | {name: value})))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert not Booking.objects.exists()
    message = re.search(rf'id="id_{name}_error">([^<]*)<', html)
    assert message is not None
    assert words in message[1]
    marked = re.search(rf'<(?:input|textarea|select) [^>]*name="{name}"[^>]*>', html)
    assert marked is not None
    assert 'aria-invalid="true"' in marked[0]
    assert "autofocus" in marked[0]
    kept = {"q-company": 'value="Acme"', "q-phone": 'value="+49 30 123456"', "q-level": '"Club player" selected'}
    assert all(text in html for field, text in kept.items() if field != name)


def test_answers_are_kept_when_somebody_was_faster(asked: EventType) -> None:
    client = strangers_client()
    slow, quick = filled(client, **ANSWERS), filled(client, **ANSWERS, email="quick@example.org")
    assert client.post(PAGE, quick).status_code == 303
    answer = client.post(PAGE, slow)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert all(text in html for text in ('value="Acme"', "Win\r\nmore", '"Club player" selected', "checked"))


def test_only_what_is_asked_is_taken(asked: EventType) -> None:
    ask(asked, stored(asked)[:1])
    client = strangers_client()
    more: dict[str, Any] = {"q-salary": "1", "answers": "[]"}
    client.post(PAGE, filled(client, **ANSWERS, **more))
    assert answers(Booking.objects.get()) == [("Your company", "Acme")]


@pytest.mark.parametrize("text", ["030 123456", "+1 (555) 010-9999", "555.0100 x12", "٠٣٠١٢٣٤٥٦", "112 / 44 55"])
def test_phone_numbers_are_written_in_many_ways(text: str) -> None:
    assert PhoneField().clean(text) == text


def test_a_page_with_everything_at_once_asks_the_database_six_times_at_most(
    ada: Organizer, asked: EventType, sandbox: Sandbox, django_assert_max_num_queries: Any
) -> None:
    """Questions, a daily limit, and a calendar with a booking of ours on that day."""
    EventType.objects.update(daily_limit=9)
    connect(ada, sandbox, "google")
    booking = settle(booked_by_ida(ada))
    same_day = {"date": f"{booking.start:%Y-%m-%d}"}
    client = strangers_client()
    slots = SLOT.findall(client.get(PAGE, same_day).content.decode())
    for step in (same_day, {"slot": slots[0]}):
        client.get(PAGE, step)
        with django_assert_max_num_queries(6):
            assert client.get(PAGE, step).status_code == 200


# --- Where the answers are read --------------------------------------------------------------------------------------

TYPED = "Pay at https://evil.example/ <b>now</b>"


@pytest.fixture
def booked(asked: EventType) -> Booking:
    """A booking with an answer that means no good."""
    client = strangers_client()
    client.post(PAGE, filled(client, **(ANSWERS | {"q-company": TYPED}), guests="gus@example.org"))
    return Booking.objects.get()


def test_both_sides_read_them_on_their_pages_as_text(as_ada: Client, booked: Booking) -> None:
    paths = (f"/b/{booked.token}/", reverse("organizer:booking", args=[booked.uid]))
    for page in (as_ada.get(path).content.decode() for path in paths):
        assert "<dt>Your company</dt><dd>Pay at https://evil.example/ &lt;b&gt;now&lt;/b&gt;</dd>" in page
        assert "<dt>Your aims</dt><dd>Win<br>more</dd>" in page
        assert "<dt>I have a board</dt><dd>Yes</dd>" in page


def test_who_is_asked_to_confirm_reads_them_first(as_ada: Client, asked: EventType, sandbox: Sandbox) -> None:
    EventType.objects.update(requires_confirmation=True)
    client = strangers_client()
    client.post(PAGE, filled(client, **ANSWERS))
    waiting = settle(Booking.objects.get())
    assert waiting.status == Booking.Status.PENDING
    page = as_ada.get(reverse("organizer:booking_answer", args=[waiting.uid])).content.decode()
    assert "<dt>Your phone</dt><dd>+49 30 123456</dd>" in page
    read = {message.to[0]: message.body for message in mail.outbox}
    assert all("Your phone\n+49 30 123456\n" in read[reader] for reader in ("ada@example.com", "ida@example.org"))


def test_both_sides_read_them_in_their_mail_and_guests_do_not(sandbox: Sandbox, booked: Booking) -> None:
    settle(booked)
    read = {message.to[0]: message for message in mail.outbox}
    for reader in ("ada@example.com", "ida@example.org"):
        html = str(read[reader].alternatives[0][0])  # type: ignore[attr-defined]
        assert "Your company\nPay at https: //evil. example/ <b>now</b>\n" in read[reader].body
        assert "Your aims\nWin\nmore\n" in read[reader].body
        assert "Pay at https: //evil. example/ &lt;b&gt;now&lt;/b&gt;" in html
        assert "<b>I have a board</b><br>Yes" in html
    assert "Your company" not in read["gus@example.org"].body


def test_they_stand_in_the_calendar_event_and_in_no_title(ada: Organizer, sandbox: Sandbox, booked: Booking) -> None:
    connect(ada, sandbox, "google", "zoom")
    settle(booked)
    event = live_event(sandbox)
    assert "Your company\nPay at https: //evil. example/ &lt;b&gt;now&lt;/b&gt;" in event["description"]
    assert "Your aims\nWin\nmore" in event["description"]
    assert "evil" not in event["summary"]
    assert b"evil" not in ics(booked, method="REQUEST")


def test_an_organizers_own_words_are_escaped_in_the_event(booked: Booking) -> None:
    booked.answers = [{"label": "<i>Why?</i>", "value": "So"}]
    body = event_body(booked, provider="", join_url="", with_people=True)
    assert "&lt;i&gt;Why?&lt;/i&gt;\nSo" in body["description"]
