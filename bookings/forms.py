"""What organizers type: who they are, what can be booked, and why something changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from bookings.fields import MinutesField
from bookings.forms_public import ParagraphsField, parse_slot
from bookings.models import EventType, Organizer

if TYPE_CHECKING:
    OrganizerModelForm = forms.ModelForm[Organizer]
    EventTypeModelForm = forms.ModelForm[EventType]
else:
    # Django's own class takes no type parameter when it runs.
    OrganizerModelForm = EventTypeModelForm = forms.ModelForm

REASON_LENGTH = 1000


class ReasonForm(forms.Form):
    """Why, in the organizer's words; the invitee reads it."""

    reason = ParagraphsField(
        label=_("Message"),
        help_text=_("Why, for example. The invitee reads it in the mail and on the booking's page."),
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 3}),
    )


class CancelForm(ReasonForm):
    """Nothing but the message."""


class AnswerForm(ReasonForm):
    """Yes or no to a booking that waits; ``seen`` is the revision that the organizer was shown."""

    CONFIRM, DECLINE = "confirm", "decline"
    answer = forms.ChoiceField(
        choices=[(CONFIRM, CONFIRM), (DECLINE, DECLINE)],
        error_messages={
            "required": _("Choose whether you confirm or decline."),
            "invalid_choice": _("Choose whether you confirm or decline."),
        },
    )
    seen = forms.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), _("Look at the booking again, then answer.")
        ),
    )


class RescheduleForm(ReasonForm):
    """A new start, as ``2026-12-03T09:00:00Z``."""

    slot = forms.CharField(max_length=40, error_messages={"required": _("Pick a time.")})

    def clean_slot(self) -> datetime:
        """The start, aware and in UTC."""
        start = parse_slot(self.cleaned_data["slot"])
        if start is None:
            raise ValidationError(_("This is not a time. Pick one of those below."))
        return start


class OrganizerForm(OrganizerModelForm):
    """Name, address of the page, time zone, language."""

    language = forms.ChoiceField(
        label=_("Language"), help_text=_("Of your pages and your mail. Invitees read theirs."), required=False
    )

    class Meta:
        model = Organizer
        fields = ("name", "handle", "timezone", "language")
        labels = {"name": _("Your name"), "handle": _("Address of your page"), "timezone": _("Time zone")}
        help_texts = {
            "name": _("Invitees read it on your page, in invitations and in mail."),
            "handle": _("Lower-case letters, digits and hyphens."),
            "timezone": _("Your bookings and your mail show times in it."),
        }
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "handle": forms.TextInput({"autocapitalize": "none", "spellcheck": "false", "autocomplete": "username"}),
        }
        error_messages = {"handle": {"unique": _("Somebody else has this address already. Choose another one.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]

    def clean_language(self) -> str:
        """Left out, it stays as it is."""
        return str(self.cleaned_data["language"] or self.initial.get("language") or settings.LANGUAGE_CODE)

    def clean_handle(self) -> str:
        """Addresses are lower case, so that they are not told apart by it."""
        return str(self.cleaned_data["handle"]).lower()


class EventTypeForm(EventTypeModelForm):
    """Everything of an event type but the video service: that follows from what is connected (product.md, rule 3)."""

    minimum_notice_minutes = MinutesField(
        label=_("Minimum notice"), help_text=_("How long before its start a time can last be booked.")
    )

    class Meta:
        model = EventType
        fields = (
            "title",
            "slug",
            "description",
            "location",
            "location_detail",
            "duration_minutes",
            "interval_minutes",
            "buffer_before_minutes",
            "buffer_after_minutes",
            "minimum_notice_minutes",
            "window_days",
            "daily_limit",
            "schedule",
            "requires_confirmation",
            "reminders",
            "active",
            "private",
        )
        labels = {
            "title": _("Title"),
            "slug": _("Address"),
            "description": _("Description"),
            "location": _("Where it is held"),
            "location_detail": _("Number or address"),
            "duration_minutes": _("Duration in minutes"),
            "interval_minutes": _("Minutes between start times"),
            "buffer_before_minutes": _("Buffer before, in minutes"),
            "buffer_after_minutes": _("Buffer after, in minutes"),
            "window_days": _("Bookable days ahead"),
            "daily_limit": _("Daily limit"),
            "schedule": _("Availability"),
            "requires_confirmation": _("I confirm each booking myself"),
            "reminders": _("Remind the invitee by mail"),
            "active": _("Can be booked"),
            "private": _("Private"),
        }
        help_texts = {
            "slug": _("The last part of its link. Left empty, it is made from the title."),
            "description": _("Invitees read it before they pick a time."),
            "location_detail": _("For a phone call the number to call, for a meeting in person the address."),
            "interval_minutes": "",
            "window_days": "",
            "reminders": "",
            "daily_limit": _("Left empty, there is no limit."),
            "requires_confirmation": _(
                "Its time is held while it waits for your answer, for a day at most. "
                "Nothing is put into a calendar and no invitation is sent before you confirm."
            ),
            "active": _("Switched off, its page is not shown; what is booked stays booked."),
            "private": _("Not listed on your page and kept from search engines: only who has its link finds it."),
            "schedule": _("Which of your schedules its times come from."),
        }
        widgets = {
            "location": forms.RadioSelect,
            "description": forms.Textarea({"rows": 4}),
            "slug": forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, organizer: Organizer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organizer = organizer
        self.instance.organizer = organizer
        self.fields["slug"].required = False
        self.fields["reminders"].required = False  # left out, it stays as it is
        schedules = organizer.schedules.all()
        self.fields["schedule"].queryset = schedules  # type: ignore[attr-defined]
        self.fields["schedule"].empty_label = None  # type: ignore[attr-defined]
        if len(schedules) == 1:
            # Nothing to choose, so nothing to ask.
            del self.fields["schedule"]
            self.instance.schedule = schedules[0]

    def clean(self) -> dict[str, Any]:
        """A place for what needs one, and an address of its own."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("location") == EventType.Location.VIDEO:
            cleaned["location_detail"] = ""
        elif "location" in cleaned and not cleaned.get("location_detail"):
            self.add_error("location_detail", _("Say where: the number to call, or the address."))
        if "slug" in cleaned and "title" in cleaned:
            self._clean_address(cleaned)
        return cleaned

    def _clean_address(self, cleaned: dict[str, Any]) -> None:
        typed = cleaned["slug"].lower()
        cleaned["slug"] = typed or self._free_slug(cleaned["title"])
        if typed in self._taken():
            self.add_error("slug", _("Another event type of yours has this address already."))

    def _taken(self) -> set[str]:
        others = EventType.objects.filter(organizer=self.organizer).exclude(pk=self.instance.pk)
        return set(others.values_list("slug", flat=True))

    def _free_slug(self, title: str) -> str:
        """The title as an address, numbered where another event type has it; ``meeting`` where no letter is left."""
        stem = slugify(title)[:50].strip("-_") or "meeting"
        taken = self._taken()
        numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
        return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)

    def save_unless_taken(self) -> bool:
        """Save; False, with the message at the field, when the same address was taken at the same moment."""
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError:
            self.add_error("slug", _("Another event type of yours has this address already."))
            return False
        return True
