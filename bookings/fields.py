"""A length of time as people say it: a number and its unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
_LONGEST = 1_000_000


class MinutesWidget(forms.MultiWidget):
    """A number and a choice of unit."""

    def __init__(self) -> None:
        choices = [("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days"))]
        number = forms.NumberInput({"min": 0, "aria-label": _("Number")})
        super().__init__({"number": number, "unit": forms.Select({"aria-label": _("Unit")}, choices)})

    def decompress(self, value: int | None) -> list[Any]:
        """Minutes in the largest unit that needs no fraction."""
        if value is None:
            return [None, "hours"]
        unit = next((unit for unit in ("days", "hours") if value and value % UNITS[unit] == 0), "minutes")
        return [value // UNITS[unit], unit]


class MinutesField(forms.MultiValueField):
    """Whole minutes, asked for as a number of minutes, hours or days."""

    widget = MinutesWidget

    def __init__(self, **kwargs: Any) -> None:
        parts = (
            forms.IntegerField(min_value=0, max_value=_LONGEST),
            forms.ChoiceField(choices=[(unit, unit) for unit in UNITS]),
        )
        super().__init__(parts, **kwargs)

    def compress(self, data_list: Sequence[Any]) -> int | None:
        """The minutes, or None where nothing was typed."""
        if not data_list:
            return None
        number, unit = data_list
        if number is None or not unit:
            raise ValidationError(_("Give a number and its unit."))
        return int(number) * UNITS[unit]
