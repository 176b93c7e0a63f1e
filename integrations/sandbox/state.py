"""All the sandbox knows, in memory, behind one lock: every request changes it atomically."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from .faults import Faults
from .personas import GOOGLE_USERS, ZOOM_USERS, Calendar, GoogleUser, ZoomUser, calendars_of

Json = dict[str, Any]


@dataclass
class Config:
    """What the command line says; a reset leaves it alone."""

    zoom_client_id: str = "sandbox-zoom-client"
    zoom_client_secret: str = "sandbox-zoom-secret"  # noqa: S105
    zoom_webhook_secret: str = "sandbox-zoom-webhook-secret"  # noqa: S105
    google_client_id: str = "sandbox-google-client.apps.googleusercontent.com"
    google_client_secret: str = "sandbox-google-secret"  # noqa: S105
    product_webhook_url: str = ""
    redirect_uris: list[str] = field(default_factory=list)


@dataclass
class Settings:
    """What `POST /act` can turn; a reset puts the defaults back."""

    zoom_persona: str = "zoe"
    google_persona: str = "one"
    zoom_scopes: list[str] | None = None
    google_scopes: list[str] | None = None
    zoom_require_pkce: bool = True
    zoom_omit_uuid_every: int = 3
    token_seconds: int = 3599
    code_seconds: int = 300
    list_lag: float = 0.5
    daily_limit: int = 100
    medium_per_second: int = 60
    light_per_second: int = 80
    meet_pending_seconds: float = 0.0
    meet_outcome: str = "success"
    zoom_latency_ms: float = 0.0
    google_latency_ms: float = 0.0


@dataclass
class Code:
    """An authorization code: five minutes, once, bound to client, redirect URI and challenge."""

    service: str
    user: str
    client_id: str
    redirect_uri: str
    challenge: str
    method: str
    scopes: list[str]
    expires: datetime
    offline: bool = True
    used: bool = False


@dataclass
class Token:
    """An access or refresh token. Its text is only the key it is stored under."""

    id: str
    service: str
    kind: str
    user: str
    client_id: str
    scopes: list[str]
    grant: str
    expires: datetime | None = None
    state: str = "live"
    """live, rotated, revoked or replaced."""


@dataclass
class Meeting:
    """A Zoom meeting: Zoom's own fields in `data`, ours beside them."""

    data: Json
    host: str
    created: datetime
    listed_from: datetime
    state: str = "live"
    history: list[Json] = field(default_factory=list)


@dataclass
class Event:
    """A calendar event: Google's own fields in `data`, ours beside them."""

    calendar: str
    data: Json
    meet_due: datetime | None = None
    meet_request: Json | None = None
    history: list[Json] = field(default_factory=list)


class World:
    """The whole state. Take `lock` around everything that reads or writes it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.faults = Faults()
        self.leakable: dict[str, str] = {}
        self.stoppers: dict[str, Any] = {}
        self.zoom_origin = ""
        self.etags = 0
        self.reset()

    def reset(self, *, keep_grants: bool = False) -> None:
        """Back to the start; `keep_grants` leaves tokens valid, so that nobody has to consent again."""
        with self.lock:
            self.settings = Settings()
            self.zoom_users: dict[str, ZoomUser] = {user.id: user for user in ZOOM_USERS}
            self.google_users: dict[str, GoogleUser] = {user.email: user for user in GOOGLE_USERS}
            self.calendars: list[Calendar] = [cal for user in GOOGLE_USERS for cal in calendars_of(user)]
            if not keep_grants or not hasattr(self, "tokens"):
                self.codes: dict[str, Code] = {}
                self.tokens: dict[str, Token] = {}
                self.grants: Counter[str] = Counter()
            self.meetings: dict[int, Meeting] = {}
            self.events: dict[tuple[str, str], Event] = {}
            self.ledger: list[Json] = []
            self.mails: list[Json] = []
            self.calls: list[Json] = []
            self.counters: Counter[str] = Counter()
            self.webhooks: list[Json] = []
            self.pages: dict[str, tuple[str, int]] = {}
            self.daily: Counter[tuple[str, str]] = Counter()
            self.seconds: Counter[tuple[str, str, int]] = Counter()
            self.reused_refresh_tokens = 0
            self.reused_codes = 0
            self.faults.clear()

    def now(self) -> datetime:
        """The time, aware and in UTC."""
        return datetime.now(UTC)

    def stamp(self) -> str:
        """The time for a log line, to the microsecond."""
        return self.now().isoformat(timespec="microseconds").replace("+00:00", "Z")

    def remember_secret(self, name: str, value: str) -> None:
        """Note a secret that must never turn up anywhere, for `POST /leaks`."""
        self.leakable[value] = name

    def leaks(self, text: str) -> list[str]:
        """Names (never values) of the secrets that occur in a text."""
        return sorted({name for value, name in self.leakable.items() if value in text})

    def issue(
        self, service: str, kind: str, user: str, client_id: str, scopes: list[str], grant: str, text: str
    ) -> str:
        """Store a token under its text and give the text back."""
        number = sum(1 for token in self.tokens.values() if token.service == service and token.kind == kind) + 1
        expires = self.now() + timedelta(seconds=self.settings.token_seconds) if kind == "access" else None
        token_id = f"{service}-{kind}-{number}"
        self.tokens[text] = Token(token_id, service, kind, user, client_id, list(scopes), grant, expires)
        self.remember_secret(token_id, text)
        return text

    def end_tokens(self, service: str, user: str, state: str, *, client_id: str = "", grant: str = "") -> int:
        """Kill all live tokens of a user at one service (or of one grant); the number killed."""
        ended = 0
        for token in self.tokens.values():
            mine = token.service == service and token.user == user and token.state == "live"
            if mine and (not client_id or token.client_id == client_id) and (not grant or token.grant == grant):
                token.state = state
                ended += 1
        return ended

    def calendar(self, calendar_id: str, user: str) -> Calendar | None:
        """A calendar by its id, or by `primary`, as far as this user may see it."""
        for calendar in self.calendars:
            mine = calendar.owner == user
            if mine and (calendar.id == calendar_id or (calendar_id == "primary" and calendar.primary)):
                return calendar
        return None

    def set(self, name: str, value: Any) -> None:
        """Change one of `Settings`' fields by name; a ValueError for an unknown one."""
        if name not in {item.name for item in fields(Settings)}:
            raise ValueError(f"no setting called {name}")
        setattr(self.settings, name, value)

    def settings_json(self) -> Json:
        """The settings as they stand."""
        return asdict(self.settings)


def random_text(length: int) -> str:
    """Random URL-safe text of just this length."""
    return secrets.token_urlsafe(length)[:length]
