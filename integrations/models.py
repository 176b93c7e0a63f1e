"""A user's accounts at other services, and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeVar

import structlog
from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.fields import EncryptedTextField

logger = structlog.stdlib.get_logger(__name__)

_SECRETS = ("access_token", "refresh_token")
Row = TypeVar("Row", bound=models.Model)


def with_connection(rows: models.QuerySet[Row], path: str = "connection") -> models.QuerySet[Row]:
    """``rows`` joined with their connection, whose tokens stay in the database (and encrypted)."""
    return rows.select_related(path).defer(*(f"{path}__{name}" for name in _SECRETS))


class ConnectionManager(models.Manager["Connection"]):
    """Leaves the tokens in the database unless somebody asks for them: a page or the admin never loads one."""

    def get_queryset(self) -> models.QuerySet[Connection]:
        """All connections, without their secrets."""
        return super().get_queryset().defer(*_SECRETS)


class Connection(models.Model):
    """One account of a user at one provider. There is one row for a user and provider, for ever: Remove empties it."""

    class Status(models.TextChoices):
        CONNECTED = "connected", "Connected"
        NEEDS_RECONNECT = "needs_reconnect", "Needs to be reconnected"
        REMOVED = "removed", "Not connected"
        DEAUTHORIZED = "deauthorized", "Removed at the provider's side"

    ATTACHED = (Status.CONNECTED, Status.NEEDS_RECONNECT)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="connections")
    provider = models.CharField(max_length=32)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.REMOVED)
    # Rises when the connection is removed or another account takes its place. What was made under an earlier
    # generation is no longer ours to manage (product.md, rule 9).
    generation = models.PositiveIntegerField(default=1)

    external_id = models.CharField(max_length=255, blank=True)
    account_id = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=255, blank=True)
    # "<provider>:<external id>" while connected, for providers whose account may belong to one organizer only.
    account_claim = models.CharField(max_length=300, null=True, blank=True, unique=True, editable=False)
    scopes = models.TextField(blank=True, help_text="Granted scopes, separated by spaces.")

    access_token = EncryptedTextField(blank=True, editable=False)
    refresh_token = EncryptedTextField(blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    token_version = models.PositiveBigIntegerField(default=0, editable=False)
    lease_owner = models.CharField(max_length=64, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    connected_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, help_text="In words fit to show to the organizer.")
    last_error_at = models.DateTimeField(null=True, blank=True)
    notice_due = models.BooleanField(
        default=False, help_text="The organizer is still to be mailed that it needs a reconnect."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[ConnectionManager] = ConnectionManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "provider"], name="one_connection_for_user_and_provider")
        ]

    def __str__(self) -> str:
        return f"{self.provider} of {self.user_id}"

    @property
    def usable(self) -> bool:
        """Whether calls can be made with it right now."""
        return self.status == self.Status.CONNECTED

    @property
    def attached(self) -> bool:
        """Whether the organizer regards it as connected: working, or waiting to be reconnected."""
        return self.status in self.ATTACHED

    @property
    def scope_set(self) -> frozenset[str]:
        """The granted scopes."""
        return frozenset(self.scopes.split())

    def note(self, kind: str, text: str) -> None:
        """Append to the history of this connection. The log gets the kind alone: the words may name an account."""
        ConnectionEvent.objects.create(connection=self, kind=kind, text=text)
        logger.info("connection", kind=kind, connection_id=self.pk)


class ConnectionEvent(models.Model):
    """What happened to a connection; rows are only ever added."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    text = models.TextField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class AuthorizationRequest(models.Model):
    """One trip to a provider's consent page: the one-time ``state`` and its PKCE verifier (RFC 9700, section 2.1)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    provider = models.CharField(max_length=32)
    state_digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the state.")
    session_digest = models.CharField(max_length=64, help_text="SHA-256 of the session key that began it.")
    code_verifier = EncryptedTextField(editable=False)
    return_to = models.CharField(max_length=200, blank=True, help_text="A path of ours to go back to.")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.provider} for {self.user_id} at {self.created_at:%Y-%m-%d %H:%M}"


class Revocation(models.Model):
    """A grant that the user removed here and that is still to be revoked at the provider."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="revocations")
    provider = models.CharField(max_length=32)
    external_id = models.CharField(max_length=255, blank=True)
    access_token = EncryptedTextField(blank=True, editable=False)
    refresh_token = EncryptedTextField(blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.provider} grant removed at {self.created_at:%Y-%m-%d %H:%M}"

    def due(self, now: datetime) -> bool:
        """Whether it is time for the next attempt."""
        return self.next_attempt_at <= now


class DailyUse(models.Model):
    """How much of a provider's daily limit one account there has used on a UTC day (integrations/quota.py)."""

    provider = models.CharField(max_length=32)
    external_id = models.CharField(max_length=255, help_text="The account that hosts the meetings.")
    day = models.DateField(help_text="By UTC, as providers count.")
    calls = models.PositiveIntegerField(default=0, help_text="Meetings made or changed; lost answers count.")
    closed_until = models.DateTimeField(null=True, blank=True, help_text="The provider itself said that it is used up.")
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the organizer was mailed.")

    class Meta:
        ordering = ["-day", "-calls", "id"]
        verbose_name_plural = "daily uses"
        constraints = [
            models.UniqueConstraint(fields=["day", "provider", "external_id"], name="one_daily_use_of_an_account")
        ]

    def __str__(self) -> str:
        return f"{self.provider} on {self.day:%Y-%m-%d}: {self.calls}"


class WebhookEvent(models.Model):
    """What a provider told us and we act upon. Written before the provider has its answer; a task does the work."""

    class Kind(models.TextChoices):
        DEAUTHORIZED = "deauthorized", "Access taken away"
        MEETING_DELETED = "meeting_deleted", "Meeting deleted"

    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=40, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the body: the same again is a repeat.")
    payload = models.JSONField(default=dict, blank=True, help_text="What is needed to act, until that is done.")
    received_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Tries that failed.")
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, default=timezone.now, help_text="Empty: handled, or given up."
    )
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(next_attempt_at__isnull=False),
                name="webhook_event_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} at {self.received_at:%Y-%m-%d %H:%M}"


class Erasure(models.Model):
    """What came from an account is to be erased, since its user took our access away at the provider."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="erasures")
    provider = models.CharField(max_length=32)
    external_id = models.CharField(max_length=255, blank=True, help_text="The account; empty once all is erased.")
    asked_at = models.DateTimeField(help_text="When the user took the access away.")
    erase_after = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why the last try failed.")

    class Meta:
        ordering = ["-erase_after", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id"],
                condition=models.Q(done_at__isnull=True),
                name="one_pending_erasure_for_an_account",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} data of connection {self.connection_id}, due {self.erase_after:%Y-%m-%d}"
