"""What organizers type about a schedule as a whole: its name, and when they are away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.forms_public import LineField
from bookings.models import DateOverride


class ScheduleNameForm(forms.Form):
    """What a schedule is called; only its organizer reads it."""

    name = LineField(label=gettext_lazy("Name"), max_length=80)


class DaysOffForm(forms.Form):
    """Days in a row without any times, both ends included."""

    first = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any = None, *, today: dt.date) -> None:
        super().__init__(data, auto_id="off_%s")
        self.today = today
        for field in self.fields.values():
            field.widget.attrs["min"] = today.isoformat()

    def clean_last(self) -> dt.date:
        """Today or later: what is over cannot be booked anyway."""
        last: dt.date = self.cleaned_data["last"]
        if last < self.today:
            raise forms.ValidationError(_("This date is over. Choose today or a later one."))
        return last

    def clean(self) -> dict[str, Any]:
        """The last day comes after the first, and within a year."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day has to come after the first."))
        elif first and last and (last - first).days >= DateOverride.MOST_DAYS:
            words = _("At most %(days)d days at once.") % {"days": DateOverride.MOST_DAYS}
            self.add_error("last", words)
        return cleaned
