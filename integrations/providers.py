"""What a provider is, what a meeting provider can do, and the registry of them all.

A provider is a folder of this app with a module ``provider`` that holds ``PROVIDER``; nothing else has to know of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Literal, Protocol

import integrations
from integrations.errors import ConnectionUnusable, MeetingGone, ProviderError

__all__ = [
    "Account",
    "ConnectionUnusable",
    "DailyLimit",
    "MeetingDraft",
    "MeetingGone",
    "MeetingInfo",
    "MeetingProvider",
    "Permission",
    "Provider",
    "ProviderError",
    "all_providers",
    "get",
    "meeting_providers",
]


@dataclass(frozen=True)
class Permission:
    """Something the product may do with an account, granted by any one of ``scopes``."""

    key: str
    scopes: tuple[str, ...]
    words: str
    required: bool = True

    def granted_by(self, granted: Iterable[str]) -> bool:
        """Whether it was granted. Zoom names scopes for a whole account with ``:admin`` at the end."""
        held = frozenset(granted)
        return any(scope in held or f"{scope}:admin" in held for scope in self.scopes)


@dataclass(frozen=True)
class Account:
    """Who signed in at the provider. ``external_id`` never changes; ``account_id`` is empty where there is none."""

    external_id: str
    account_id: str = ""
    email: str = ""
    display_name: str = ""


@dataclass(frozen=True)
class MeetingDraft:
    """What a meeting should be. ``start`` is aware, ``timezone`` an IANA name, ``agenda`` begins with the marker."""

    topic: str
    agenda: str
    start: datetime
    minutes: int
    timezone: str


@dataclass(frozen=True)
class MeetingInfo:
    """A meeting as the provider made it."""

    external_id: str
    join_url: str


@dataclass(frozen=True)
class DailyLimit:
    """How many calls that make or change meetings a provider takes for one host in a UTC day."""

    calls: int
    kept_for_changes: int
    """The last ones are for meetings that people hold already: no new meeting takes them."""

    @property
    def for_new(self) -> int:
        """How many calls may have been made before a new meeting has to wait."""
        return self.calls - self.kept_for_changes

    @property
    def near(self) -> int:
        """From how many calls on the organizer is told."""
        return self.calls * 8 // 10


class MeetingProvider(Protocol):
    """Makes meetings and keeps them in step. Every function raises ProviderError; none touches the database."""

    @property
    def daily_limit(self) -> DailyLimit | None:
        """What ``create`` and ``update`` together may cost a host in a day; None where nobody counts."""

    def create(self, access_token: str, draft: MeetingDraft) -> MeetingInfo:
        """Make a meeting. There is no idempotency: an error in doubt may have left one, which ``find`` shows."""

    def update(self, access_token: str, external_id: str, draft: MeetingDraft) -> None:
        """Bring a meeting in line with ``draft``; MeetingGone when the host deleted it."""

    def delete(self, access_token: str, external_id: str) -> None:
        """Delete a meeting; one that is not there is deleted."""

    def find(self, access_token: str, marker: str) -> list[MeetingInfo]:
        """All scheduled meetings of the host whose agenda begins with ``marker``."""


class Provider(ABC):
    """A service that organizers connect an account at: data and two or three functions."""

    slug: ClassVar[str]
    name: ClassVar[str]
    """What is connected: "Zoom", "Google Calendar"."""
    service: ClassVar[str]
    """Who runs it, for messages: "Zoom", "Google"."""
    glyph: ClassVar[str]
    """The heroicon that stands for it."""
    summary: ClassVar[str]
    """One sentence for the list of integrations, to be translated."""
    permissions: ClassVar[tuple[Permission, ...]]
    requested_scopes: ClassVar[tuple[str, ...]] = ()
    """Named in the authorize request; empty where the app's own registration says it."""
    authorize_params: ClassVar[Mapping[str, str]] = {}
    exclusive_account: ClassVar[bool] = False
    """Whether an account there may be connected by one organizer only."""
    consent_ends_earlier: ClassVar[bool] = False
    """Whether the tokens of an account die when it consents once more, whoever asked it to."""
    client_auth: ClassVar[Literal["basic", "body"]] = "body"
    revokes: ClassVar[Literal["access", "refresh"]] = "refresh"
    """Which token its revocation takes."""
    operator_settings: ClassVar[str]
    """The settings that an operator looks at when the provider refuses our own credentials."""
    connect_words: ClassVar[str]
    """The words on the button that connects it, to be translated."""
    is_calendar: ClassVar[bool] = False
    """Whether bookings are put into a calendar there."""
    meetings: ClassVar[MeetingProvider | None] = None
    """The meeting capability, where it has one."""

    @property
    @abstractmethod
    def authorize_url(self) -> str:
        """Where people are sent to consent."""

    @property
    @abstractmethod
    def token_url(self) -> str:
        """Where codes and refresh tokens are exchanged."""

    @property
    @abstractmethod
    def client_id(self) -> str:
        """Our own id there; empty when the operator has not configured it."""

    @property
    @abstractmethod
    def client_secret(self) -> str:
        """Our own secret there."""

    @abstractmethod
    def fetch_account(self, access_token: str) -> Account:
        """Ask who the token belongs to; raises ProviderError."""

    @abstractmethod
    def revoke(self, token: str) -> bool:
        """End the grant by the token that ``revokes`` names; False when that was dead already. Raises ProviderError."""

    @property
    def configured(self) -> bool:
        """Whether the operator has set it up."""
        return bool(self.client_id and self.client_secret)

    def scopes_in(self, answer: str | None) -> frozenset[str]:
        """The granted scopes; an answer without any means that all were granted (RFC 6749, 5.1)."""
        granted = frozenset((answer or "").replace(",", " ").split())
        return granted or frozenset(scope for permission in self.permissions for scope in permission.scopes[:1])

    def missing(self, granted: Iterable[str]) -> list[Permission]:
        """The required permissions that were not granted."""
        held = frozenset(granted)
        return [item for item in self.permissions if item.required and not item.granted_by(held)]

    def withheld(self, granted: Iterable[str]) -> list[Permission]:
        """The permissions that we can do without and that were not granted."""
        held = frozenset(granted)
        return [item for item in self.permissions if not item.required and not item.granted_by(held)]

    def permits(self, granted: Iterable[str], key: str) -> bool:
        """Whether the permission called ``key`` was granted."""
        return any(item.granted_by(granted) for item in self.permissions if item.key == key)


@lru_cache(maxsize=1)
def _registry() -> dict[str, Provider]:
    """Every provider by slug. Looked up when first asked for, since providers import this module."""
    found: dict[str, Provider] = {}
    for folder in pkgutil.iter_modules(integrations.__path__, prefix="integrations."):
        if folder.ispkg and importlib.util.find_spec(f"{folder.name}.provider"):
            provider = importlib.import_module(f"{folder.name}.provider").PROVIDER
            found[provider.slug] = provider
    return found


def get(slug: str) -> Provider:
    """The provider called ``slug``; KeyError when there is none."""
    return _registry()[slug]


def all_providers() -> list[Provider]:
    """Every provider, by slug."""
    return [provider for _, provider in sorted(_registry().items())]


def meeting_providers() -> list[Provider]:
    """The providers that can make meetings: their ``meetings`` is set."""
    return [provider for provider in all_providers() if provider.meetings is not None]
