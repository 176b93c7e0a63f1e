"""What an invitee answered to the event type's own questions, as it stands on the booking and as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from bookings.models import Booking


@dataclass(frozen=True)
class Answer:
    """The question's words when it was asked, and what was answered: a text, or whether a box was ticked."""

    label: str
    value: str | bool

    @property
    def words(self) -> str:
        """The answer in the active language, as it was typed."""
        if isinstance(self.value, bool):
            return _("Yes") if self.value else _("No")
        return self.value


def stored(answers: Sequence[Answer]) -> list[dict[str, str | bool]]:
    """As ``Booking.answers`` holds them."""
    return [asdict(answer) for answer in answers]


def answers_of(booking: Booking) -> list[Answer]:
    """The booking's answers, in the order in which they were asked."""
    return [Answer(**answer) for answer in booking.answers]
