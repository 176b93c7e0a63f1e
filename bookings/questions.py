"""What an event type asks of its invitees beyond name and address.

The questions stand on the event type's own row: they come with it, whole and in their order, without a query of their
own, and no other row refers to them, since a booking keeps what was asked together with the answer (answers.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

from django.db import models
from django.utils.text import slugify

from bookings.models import EventType

MOST_QUESTIONS = 10
MOST_CHOICES = 20
KEY_LENGTH = 40


class Kind(models.TextChoices):
    """What is answered: a line, a text, one of several, a number to call, yes or no."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    PHONE = "phone"
    CHECKBOX = "checkbox"


@dataclass(frozen=True)
class Question:
    """One question. ``key`` names the answer in links that fill in the form; empty while it has none yet."""

    label: str
    kind: str = Kind.TEXT
    required: bool = False
    choices: list[str] = field(default_factory=list)
    key: str = ""

    @property
    def field_name(self) -> str:
        """What the form's field and the parameter of a link that fills it in are called."""
        return f"q-{self.key}"


def questions_of(event_type: EventType) -> list[Question]:
    """What it asks, in this order."""
    return [Question(**question) for question in event_type.questions]


def ask(event_type: EventType, questions: Sequence[Question]) -> None:
    """Let these be asked, in this order. A key that links may hold stays; a new one comes from the label."""
    keyed = [replace(question, key=key) for question, key in zip(questions, _keys(questions), strict=True)]
    event_type.questions = [asdict(question) for question in keyed]
    EventType.objects.filter(pk=event_type.pk).update(questions=event_type.questions)


def _keys(questions: Sequence[Question]) -> list[str]:
    """A key for each: its own where it has one that no earlier one has, else one from its label that is free."""
    found: list[str] = []
    kept = {question.key for question in questions if question.key}
    for question in questions:
        own = question.key if question.key not in found else ""
        found.append(own or _free(question.label, taken={*kept, *found}))
    return found


def _free(label: str, *, taken: Iterable[str]) -> str:
    used = set(taken)
    stem = slugify(label)[: KEY_LENGTH - 10].strip("-_") or "question"
    numbered = (f"{stem}-{number}" for number in range(2, len(used) + 3))
    return stem if stem not in used else next(key for key in numbered if key not in used)
