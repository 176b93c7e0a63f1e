"""What the pages say of an integration: its state in one word, its shape, and what it still manages."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import providers
from integrations.models import Connection
from integrations.providers import Permission, Provider
from integrations.usage import Usage, today


@dataclass(frozen=True)
class Card:
    """A provider together with a user's connection there, if there ever was one."""

    provider: Provider
    connection: Connection | None
    usage: Usage | None = None
    """What was used today of a daily limit, if anything."""

    @property
    def state(self) -> str:
        """``connected``, ``needs_reconnect`` or ``not_connected``."""
        if self.connection is not None and self.connection.attached:
            return str(self.connection.status)
        return "not_connected"

    @property
    def words(self) -> str:
        """The state as the product's rules spell it."""
        return {
            "connected": _("Connected"),
            "needs_reconnect": _("Needs to be reconnected"),
            "not_connected": _("Not connected"),
        }[self.state]

    @property
    def badge(self) -> str:
        """The stylesheet's class for the state."""
        return {"connected": "badge-ok", "needs_reconnect": "badge-bad", "not_connected": "badge-off"}[self.state]

    @property
    def icon(self) -> str:
        """The state's shape, for those who do not see its colour."""
        return {
            "connected": "check-circle",
            "needs_reconnect": "exclamation-triangle",
            "not_connected": "minus-circle",
        }[self.state]

    @property
    def withheld(self) -> list[Permission]:
        """The permissions that it works without and that were not granted."""
        if self.connection is None or not self.connection.attached:
            return []
        return self.provider.withheld(self.connection.scope_set)

    @property
    def taken_away(self) -> bool:
        """Whether the access was ended at the provider's side."""
        return self.connection is not None and self.connection.status == Connection.Status.DEAUTHORIZED

    @property
    def about(self) -> str:
        """The template that says what this integration does."""
        return f"integrations/about/{self.provider.slug}.html"

    @property
    def limits(self) -> str:
        """The template that says what it never does."""
        return f"integrations/about/{self.provider.slug}_limits.html"

    @property
    def removing(self) -> str:
        """The template that says what stops and what stays when it is removed."""
        return f"integrations/about/{self.provider.slug}_removing.html"


def cards(user: AbstractBaseUser) -> list[Card]:
    """A card for every provider."""
    mine = {connection.provider: connection for connection in Connection.objects.filter(user_id=user.pk)}
    used = {usage.provider.slug: usage for usage in today(user)}
    return [Card(item, mine.get(item.slug), used.get(item.slug)) for item in providers.all_providers()]


def card_of(cards: list[Card], provider: Provider) -> Card:
    """The one of a provider."""
    return next(card for card in cards if card.provider.slug == provider.slug)


def upcoming(card: Card) -> int:
    """How many meetings (or calendar events) of upcoming confirmed bookings depend on this connection."""
    if card.connection is None or not card.connection.attached:
        return 0
    upcoming_booking = {"booking__status": "confirmed", "booking__start__gt": timezone.now(), "state": "live"}
    if card.provider.meetings is not None:
        return card.connection.meetings.filter(generation=card.connection.generation, **upcoming_booking).count()
    entries = card.connection.calendars.model._meta.get_field("entries").related_model
    return entries._default_manager.filter(calendar__connection=card.connection, **upcoming_booking).count()


def calendar_missing(cards: list[Card]) -> bool:
    """Whether meetings can be made but there is no calendar to put them into (product.md, "Data and privacy", end)."""
    makes_meetings = any(card.state == "connected" and card.provider.meetings for card in cards)
    return makes_meetings and not any(card.state == "connected" and card.provider.is_calendar for card in cards)
