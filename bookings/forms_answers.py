"""The event type's own questions as fields of the booking form, and what was answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bookings.answers import Answer
from bookings.forms_public import LineField, ParagraphsField
from bookings.questions import Kind, Question

TEXT_LENGTH, LONG_LENGTH = 500, 2000
# Whatever countries write, with an extension: at least five digits, so that it can be called.
_PHONE = re.compile(r"\+?[\d\s()./#*,;x-]{5,40}", re.IGNORECASE)
_FEWEST_DIGITS = 5
# What ticks a box in a link that fills in the form.
TICKED = frozenset(("1", "on", "true", "yes"))


class PhoneField(LineField):
    """A telephone number, as people write theirs."""

    def clean(self, value: Any) -> str:
        """Raise ValidationError for what cannot be one."""
        text = str(super().clean(value) or "")
        if text and not (_PHONE.fullmatch(text) and sum(map(str.isdecimal, text)) >= _FEWEST_DIGITS):
            raise ValidationError(_("Enter a phone number, such as +49 30 123456."))
        return text


def fields_for(questions: Iterable[Question]) -> dict[str, forms.Field]:
    """The name of each question's field, and the field."""
    return {question.field_name: _field(question) for question in questions}


def _field(question: Question) -> forms.Field:
    common: dict[str, Any] = {"label": question.label, "required": question.required}
    if question.kind == Kind.LONG:
        return ParagraphsField(**common, max_length=LONG_LENGTH, widget=forms.Textarea({"rows": 3}))
    if question.kind == Kind.CHOICE:
        choices = [("", _("Choose …")), *((choice, choice) for choice in question.choices)]
        return forms.ChoiceField(
            **common, choices=choices, error_messages={"invalid_choice": _("Choose one of these.")}
        )
    if question.kind == Kind.PHONE:
        widget = forms.TextInput({"type": "tel", "autocomplete": "tel"})
        return PhoneField(**common, max_length=40, widget=widget)
    if question.kind == Kind.CHECKBOX:
        return forms.BooleanField(**common, error_messages={"required": _("Tick this box to go on.")})
    return LineField(**common, max_length=TEXT_LENGTH)


def filled_in(questions: Iterable[Question], given: Mapping[str, str]) -> dict[str, Any]:
    """What the fields begin with where a link answers them already; ``given`` is by the fields' names."""
    return {
        question.field_name: given[question.field_name].lower() in TICKED
        if question.kind == Kind.CHECKBOX
        else given[question.field_name]
        for question in questions
        if question.field_name in given
    }


def answered(questions: Iterable[Question], cleaned: Mapping[str, Any]) -> tuple[Answer, ...]:
    """What was answered, without what was left empty. A box that was not ticked says no."""
    answers = (Answer(question.label, cleaned[question.field_name]) for question in questions)
    return tuple(answer for answer in answers if answer.value != "")
