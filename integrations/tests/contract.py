"""What every provider must do. The tests of a new one inherit these classes and say which it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from integrations import grants, providers
from integrations.errors import MeetingGone, ProviderError
from integrations.providers import MeetingDraft, MeetingInfo, MeetingProvider, Provider
from integrations.sandbox.testing import Sandbox

MARKER = "zn-0123456789abcdef"
DRAFT = MeetingDraft(
    topic="Intro with Ivy",
    agenda=f"{MARKER}\nBooked with Zinnect",
    start=datetime(2027, 1, 12, 9, 0, tzinfo=UTC),
    minutes=30,
    timezone="Europe/Berlin",
)


class ProviderContract:
    """Data that hangs together, who am I, tokens, revocation."""

    slug: ClassVar[str]
    persona_email: ClassVar[str]
    who_call: ClassVar[str]

    @pytest.fixture
    def provider(self) -> Provider:
        return providers.get(self.slug)

    @pytest.fixture
    def tokens(self, sandbox: Sandbox) -> dict[str, Any]:
        return sandbox.connect(self.slug)

    def test_it_is_in_the_registry_once(self, provider: Provider) -> None:
        assert [item.slug for item in providers.all_providers()].count(self.slug) == 1

    def test_it_is_configured_by_id_and_secret_only(self, sandbox: Sandbox, provider: Provider, settings: Any) -> None:
        assert provider.configured
        setattr(settings, f"{self.slug.upper()}_CLIENT_ID", "")
        assert not provider.configured

    def test_its_addresses_are_the_configured_ones(self, sandbox: Sandbox, provider: Provider) -> None:
        assert provider.authorize_url.startswith("http://127.0.0.1:")
        assert provider.token_url.startswith("http://127.0.0.1:")

    def test_every_permission_says_in_words_what_it_is_for(self, provider: Provider) -> None:
        assert len({permission.key for permission in provider.permissions}) == len(provider.permissions)
        assert all(permission.words and permission.scopes for permission in provider.permissions)

    def test_no_scope_in_the_answer_means_all_were_granted(self, provider: Provider) -> None:
        assert provider.missing(provider.scopes_in(None)) == []
        assert provider.missing(provider.scopes_in("")) == []

    def test_each_missing_required_permission_is_found(self, provider: Provider) -> None:
        everything = provider.scopes_in(None)
        for permission in provider.permissions:
            without = everything - set(permission.scopes)
            assert (permission in provider.missing(without)) == permission.required
            assert not provider.permits(without, permission.key)

    def test_who_am_i(self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any]) -> None:
        account = provider.fetch_account(tokens["access_token"])
        assert account.email == self.persona_email
        assert account.external_id

    def test_a_refused_token_is_unauthorized(self, sandbox: Sandbox, provider: Provider) -> None:
        with pytest.raises(ProviderError) as caught:
            provider.fetch_account("no such token")
        assert caught.value.unauthorized
        assert not caught.value.in_doubt

    def test_a_server_error_may_be_tried_again(
        self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any]
    ) -> None:
        sandbox.fault(service=self.slug, call=self.who_call, kind="status", params={"status": 503})
        with pytest.raises(ProviderError) as caught:
            provider.fetch_account(tokens["access_token"])
        assert (caught.value.retryable, caught.value.in_doubt, caught.value.status) == (True, True, 503)

    def test_an_answer_without_an_account_is_an_error(
        self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any]
    ) -> None:
        sandbox.fault(
            service=self.slug,
            call=self.who_call,
            kind="status",
            params={"status": 200, "body": {}, "content_type": "application/json"},
        )
        with pytest.raises(ProviderError):
            provider.fetch_account(tokens["access_token"])

    def test_refreshing(self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any]) -> None:
        grant = grants.refresh(provider, tokens["refresh_token"])
        assert grant.access_token != tokens["access_token"]
        assert grant.refresh_token
        assert timedelta(minutes=50) < grant.expires_at - timezone.now() <= timedelta(hours=1)
        assert grant.access_token not in repr(grant)

    def test_a_dead_refresh_token_is_an_invalid_grant(self, sandbox: Sandbox, provider: Provider) -> None:
        with pytest.raises(grants.InvalidGrant):
            grants.refresh(provider, "no such token")

    @pytest.mark.parametrize("kind", ["not_json", "truncated", "drop_after", "huge_body"])
    def test_a_broken_refresh_is_never_an_invalid_grant(
        self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any], kind: str
    ) -> None:
        sandbox.fault(service=self.slug, call="token.refresh", kind=kind)
        with pytest.raises(ProviderError) as caught:
            grants.refresh(provider, tokens["refresh_token"])
        assert not isinstance(caught.value, grants.InvalidGrant)
        assert (caught.value.retryable, caught.value.in_doubt) == (True, True)

    def test_a_limited_refresh_keeps_the_providers_own_time(
        self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any]
    ) -> None:
        limited = {"status": 429, "headers": {"Retry-After": "120"}}
        sandbox.fault(service=self.slug, call="token.refresh", kind="status", params=limited)
        with pytest.raises(ProviderError) as caught:
            grants.refresh(provider, tokens["refresh_token"])
        assert caught.value.retry_at is not None
        assert caught.value.retry_at > timezone.now() + timedelta(seconds=100)

    def test_revoking_ends_the_grant(self, sandbox: Sandbox, provider: Provider, tokens: dict[str, Any]) -> None:
        token = tokens[f"{provider.revokes}_token"]
        assert provider.revoke(token) is True
        assert provider.revoke(token) is False
        with pytest.raises(grants.InvalidGrant):
            grants.refresh(provider, tokens["refresh_token"])

    def test_sign_in_addresses_over_plain_http_are_refused_but_on_loopback(
        self, sandbox: Sandbox, provider: Provider, settings: Any
    ) -> None:
        settings.ZOOM_OAUTH_URL = "http://zoom.example/oauth"
        settings.GOOGLE_AUTH_URL = settings.GOOGLE_TOKEN_URL = "http://google.example/o"
        with pytest.raises(ProviderError, match="https://"):
            grants.authorization(provider, "state")
        with pytest.raises(ProviderError, match="https://"):
            grants.refresh(provider, "a refresh token")


class MeetingContract:
    """What every provider that makes meetings must do besides."""

    slug: ClassVar[str]

    @pytest.fixture
    def meetings(self, sandbox: Sandbox) -> MeetingProvider:
        sandbox.act("list_lag", seconds=0)
        capability = providers.get(self.slug).meetings
        assert capability is not None
        return capability

    @pytest.fixture
    def token(self, sandbox: Sandbox) -> str:
        return str(sandbox.connect(self.slug)["access_token"])

    def test_it_is_among_the_meeting_providers(self) -> None:
        assert self.slug in [provider.slug for provider in providers.meeting_providers()]

    def test_a_meeting_is_made_as_drafted(self, sandbox: Sandbox, meetings: MeetingProvider, token: str) -> None:
        made = meetings.create(token, DRAFT)
        assert isinstance(made, MeetingInfo)
        assert made.join_url.startswith("https://")
        (held,) = self.held(sandbox)
        assert (held["id"], held["topic"], held["start"], held["minutes"]) == (
            made.external_id,
            DRAFT.topic,
            "2027-01-12T09:00:00Z",
            30,
        )

    def test_moving_keeps_the_meeting(self, sandbox: Sandbox, meetings: MeetingProvider, token: str) -> None:
        made = meetings.create(token, DRAFT)
        meetings.update(token, made.external_id, replace(DRAFT, start=DRAFT.start + timedelta(hours=1), minutes=45))
        (held,) = self.held(sandbox)
        assert (held["id"], held["start"], held["minutes"]) == (made.external_id, "2027-01-12T10:00:00Z", 45)

    def test_deleting_twice_is_success(self, sandbox: Sandbox, meetings: MeetingProvider, token: str) -> None:
        made = meetings.create(token, DRAFT)
        meetings.delete(token, made.external_id)
        meetings.delete(token, made.external_id)
        assert self.held(sandbox) == []

    def test_moving_what_is_not_there_says_gone(self, meetings: MeetingProvider, token: str) -> None:
        made = meetings.create(token, DRAFT)
        meetings.delete(token, made.external_id)
        with pytest.raises(MeetingGone):
            meetings.update(token, made.external_id, DRAFT)

    def test_a_meeting_is_found_by_its_marker(self, meetings: MeetingProvider, token: str) -> None:
        made = meetings.create(token, replace(DRAFT, agenda=f"{MARKER}\n{'x' * 1900}"))
        meetings.create(token, replace(DRAFT, agenda=f"Not ours, but it quotes {MARKER}"))
        meetings.create(token, replace(DRAFT, agenda=""))
        assert meetings.find(token, MARKER) == [made]
        assert meetings.find(token, "zn-another") == []

    def test_texts_that_are_too_long_are_cut(self, sandbox: Sandbox, meetings: MeetingProvider, token: str) -> None:
        meetings.create(token, replace(DRAFT, topic="ü" * 500, agenda=MARKER + "ü" * 5000))
        assert len(self.held(sandbox)) == 1

    @pytest.mark.parametrize("kind", ["drop_after", "not_json", "status_after"])
    def test_a_create_whose_answer_is_lost_is_in_doubt_and_can_be_found(
        self, sandbox: Sandbox, meetings: MeetingProvider, token: str, kind: str
    ) -> None:
        sandbox.fault(service=self.slug, call="meetings.create", kind=kind)
        with pytest.raises(ProviderError) as caught:
            meetings.create(token, DRAFT)
        assert (caught.value.retryable, caught.value.in_doubt) == (True, True)
        assert len(meetings.find(token, MARKER)) == 1

    @staticmethod
    def held(sandbox: Sandbox) -> list[dict[str, Any]]:
        """What the other side holds: ``id``, ``topic``, ``start``, ``minutes`` of each live meeting."""
        raise NotImplementedError
