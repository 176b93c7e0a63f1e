"""An event type's questions as its organizer types them: one form for each, checked together."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import validate_slug
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.forms_public import LineField, ParagraphsField
from bookings.models import EventType
from bookings.questions import KEY_LENGTH, MOST_CHOICES, MOST_QUESTIONS, Kind, Question, questions_of

CHOICE_LENGTH = 100
KINDS = {
    Kind.TEXT: gettext_lazy("Short text"),
    Kind.LONG: gettext_lazy("Long text"),
    Kind.CHOICE: gettext_lazy("One of several choices"),
    Kind.PHONE: gettext_lazy("Phone number"),
    Kind.CHECKBOX: gettext_lazy("Checkbox"),
}


class QuestionForm(forms.Form):
    """One question."""

    label = LineField(label=gettext_lazy("Question"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of answer"), choices=list(KINDS.items()), initial=Kind.TEXT)
    choices = ParagraphsField(
        label=gettext_lazy("Choices"),
        help_text=gettext_lazy("One on a line, for a question with choices."),
        required=False,
        max_length=MOST_CHOICES * (CHOICE_LENGTH + 1),
        widget=forms.Textarea({"rows": 3}),
    )
    required = forms.BooleanField(label=gettext_lazy("Has to be answered"), required=False)
    key = forms.CharField(required=False, max_length=KEY_LENGTH, validators=[validate_slug], widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Choices for a question with choices, each once; none for another."""
        cleaned = super().clean() or {}
        lines = [line.strip() for line in cleaned.get("choices", "").splitlines()]
        found = list(dict.fromkeys(filter(None, lines))) if cleaned.get("kind") == Kind.CHOICE else []
        if cleaned.get("kind") == Kind.CHOICE and "choices" in cleaned:
            self._check(found)
        cleaned["choices"] = found
        return cleaned

    def _check(self, choices: list[str]) -> None:
        if len(choices) < 2:
            self.add_error("choices", _("Give at least two choices, one on a line."))
        elif len(choices) > MOST_CHOICES:
            self.add_error("choices", _("At most %(count)d choices.") % {"count": MOST_CHOICES})
        elif any(len(choice) > CHOICE_LENGTH for choice in choices):
            self.add_error("choices", _("A choice has at most %(count)d characters.") % {"count": CHOICE_LENGTH})

    @property
    def question(self) -> Question:
        """The question as it was typed."""
        fields = ("label", "kind", "required", "choices", "key")
        return Question(**{name: self.cleaned_data[name] for name in fields})


if TYPE_CHECKING:
    BaseQuestionFormSet = forms.BaseFormSet[QuestionForm]
else:
    # Django's own class takes no type parameter when it runs.
    BaseQuestionFormSet = forms.BaseFormSet


class Questions(BaseQuestionFormSet):
    """All questions of an event type, and a blank one to add."""

    form = QuestionForm
    renderer = None
    extra = 1
    can_order = can_delete = True
    can_delete_extra = False
    min_num, max_num, absolute_max = 0, MOST_QUESTIONS, 2 * MOST_QUESTIONS
    validate_min, validate_max = False, True
    default_error_messages = {
        "missing_management_form": gettext_lazy("Something of this page got lost. Open it again."),
        "too_many_forms": gettext_lazy("An event type asks ten questions of its own at most."),
    }

    @property
    def typed(self) -> list[Question]:
        """The questions in the order of their positions, without those to be removed. Only after ``is_valid``."""
        return [form.question for form in self.ordered_forms]

    @property
    def has_room(self) -> bool:
        """Whether one more may be added."""
        return self.total_form_count() < self.max_num

    def one_more(self) -> Questions:
        """What was typed, unchecked, and another blank question; without those to be removed."""
        typed = [{name: form[name].value() for name in form.fields} for form in self.forms]
        kept = [row for row in typed if row["label"] and not row.get(DELETION_FIELD_NAME)]
        return Questions(initial=kept)


def stored_questions(event_type: EventType) -> Questions:
    """The questions as they are asked now."""
    rows = [asdict(question) for question in questions_of(event_type)]
    return Questions(initial=[row | {"choices": "\n".join(row["choices"])} for row in rows])
