"""Connecting an account: the way there and back, and every way in which it is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import grants, tasks
from integrations.models import AuthorizationRequest, Connection
from integrations.sandbox.testing import CALENDAR_SCOPE, Sandbox
from integrations.signals import connection_made
from integrations.tests.conftest import Connect, come_back, consent_url, with_tokens

pytestmark = pytest.mark.django_db

PAGE = "/apps/integrations/zoom/"


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_connecting_zoom_marks_it_connected(sandbox: Sandbox, as_ada: Client, ada_user: User) -> None:
    answer = come_back(as_ada, sandbox.consent(consent_url(as_ada, "zoom")))
    assert answer.redirect_chain == [(PAGE, 302)]  # type: ignore[attr-defined]
    assert 'data-state="connected"' in text_of(answer)
    assert "organizer.one@example.com" in text_of(answer)
    connection = with_tokens(ada_user)
    assert connection.usable
    assert connection.external_id == "zUoNe1AbCdEfGhIjKlMnOp"
    assert connection.account_id == "zAcCoUnT1aBcDeFgHiJkLm"
    assert connection.account_claim == "zoom:zUoNe1AbCdEfGhIjKlMnOp"
    assert connection.expires_at is not None
    assert timedelta(minutes=55) < connection.expires_at - timezone.now() <= timedelta(hours=1)
    assert connection.events.get().kind == "connected"


def test_connecting_google_calendar_keeps_a_refresh_token(connect: Connect) -> None:
    connection = connect("google")
    assert connection.usable
    assert connection.refresh_token
    assert connection.account_claim is None
    assert f"{CALENDAR_SCOPE}.events.owned" in connection.scope_set


@pytest.mark.parametrize("slug", ["zoom", "google"])
def test_the_consent_page_is_asked_with_pkce_and_our_own_address(sandbox: Sandbox, as_ada: Client, slug: str) -> None:
    asked = parse_qs(urlsplit(consent_url(as_ada, slug)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://localhost:8000/apps/integrations/{slug}/callback/"]
    stored = AuthorizationRequest.objects.get()
    assert asked["state"][0] not in (stored.state_digest, stored.session_digest)
    if slug == "google":
        assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])


def test_connecting_is_post_only(as_ada: Client, sandbox: Sandbox) -> None:
    assert as_ada.get("/apps/integrations/zoom/connect/").status_code == 405


def test_a_stranger_is_sent_to_sign_in(client: Client, sandbox: Sandbox) -> None:
    answer = client.post("/apps/integrations/zoom/connect/")
    assert answer["Location"].startswith("/accounts/login/")
    answer = client.get("/apps/integrations/zoom/callback/?code=secret-code&state=x")
    assert answer["Location"] == "/accounts/login/?next=%2Fapps%2Fintegrations%2Fzoom%2F"


def test_connecting_tells_the_other_apps_after_the_commit(
    connect: Connect, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Connection] = []

    def listen(sender: object, connection: Connection, **kwargs: object) -> None:
        heard.append(connection)

    connection_made.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            made = connect("zoom")
            assert heard == []
    finally:
        connection_made.disconnect(listen)
    assert heard == [made]


def test_denying_at_zoom_comes_back_as_a_friendly_sentence(sandbox: Sandbox, as_ada: Client) -> None:
    answer = come_back(as_ada, sandbox.consent(consent_url(as_ada, "zoom"), "Deny"))
    assert answer.status_code == 200
    assert "You did not allow access at Zoom, so nothing was connected." in text_of(answer)
    assert 'data-state="not_connected"' in text_of(answer)


def test_a_state_works_once(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    come_back(as_ada, location)
    answer = come_back(as_ada, location)
    assert "This sign-in was used already." in text_of(answer)
    assert len(sandbox.calls("token.exchange")) == 1


def test_a_state_expires_after_ten_minutes(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        answer = come_back(as_ada, location)
    assert "has expired" in text_of(answer)
    assert sandbox.calls("token.exchange") == []


def test_a_forged_state_is_refused(sandbox: Sandbox, as_ada: Client) -> None:
    answer = as_ada.get("/apps/integrations/zoom/callback/?code=abc&state=forged", follow=True)
    assert "This sign-in was not begun here." in text_of(answer)
    answer = as_ada.get("/apps/integrations/zoom/callback/?code=abc", follow=True)
    assert "This sign-in was not begun here." in text_of(answer)
    assert sandbox.calls("token.exchange") == []


def test_another_users_state_is_refused_and_not_spent(sandbox: Sandbox, as_ada: Client, as_grace: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    answer = come_back(as_grace, location)
    assert "begun by another user" in text_of(answer)
    assert sandbox.calls("token.exchange") == []
    assert "Zoom is connected." in text_of(come_back(as_ada, location))


def test_another_sessions_state_is_refused(sandbox: Sandbox, as_ada: Client, ada_user: User) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    elsewhere = Client()
    elsewhere.force_login(ada_user)
    answer = come_back(elsewhere, location)
    assert "begun in another browser or session" in text_of(answer)
    assert sandbox.calls("token.exchange") == []


def test_one_providers_state_does_not_fit_another(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    answer = come_back(as_ada, location.replace("/zoom/callback/", "/google/callback/"))
    assert "begun for another service" in text_of(answer)
    assert sandbox.calls("token.exchange") == []


def test_a_code_that_another_verifier_belongs_to_is_refused(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    request = AuthorizationRequest.objects.get()
    request.code_verifier = "w" * 43
    request.save()
    answer = come_back(as_ada, location)
    assert "Zoom did not accept the sign-in" in text_of(answer)
    assert 'data-state="not_connected"' in text_of(answer)


def test_a_failed_exchange_is_a_sentence_and_nothing_is_connected(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    sandbox.fault(service="zoom", call="token.exchange", kind="status", params={"status": 503})
    answer = come_back(as_ada, location)
    assert "Zoom could not be connected: Zoom has a problem of its own right now (error 503)." in text_of(answer)
    assert 'data-state="not_connected"' in text_of(answer)


def test_an_unreadable_exchange_is_a_sentence(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    sandbox.fault(service="zoom", call="token.exchange", kind="not_json")
    assert "sent an answer that cannot be read" in text_of(come_back(as_ada, location))


def test_wrong_client_credentials_name_the_operators_settings(sandbox: Sandbox, as_ada: Client, settings: Any) -> None:
    location = sandbox.consent(consent_url(as_ada, "zoom"))
    settings.ZOOM_CLIENT_SECRET = "mistyped"
    assert "ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET" in text_of(come_back(as_ada, location))


def test_an_unticked_permission_is_named(sandbox: Sandbox, as_ada: Client, ada_user: User) -> None:
    location = sandbox.consent(consent_url(as_ada, "google"), untick=(f"{CALENDAR_SCOPE}.freebusy",))
    answer = come_back(as_ada, location)
    assert 'data-state="needs_reconnect"' in text_of(answer)
    assert "Missing: see when you are busy, so that nobody books you then." in text_of(answer)
    assert with_tokens(ada_user, "google").notice_due is False


def test_classic_zoom_scopes_are_as_good(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.act("set_scopes", service="zoom", scopes=["meeting:write", "meeting:read", "user:read"])
    assert connect("zoom").usable


def test_a_zoom_account_belongs_to_one_organizer(
    sandbox: Sandbox, connect: Connect, as_grace: Client, grace_user: User, ada_user: User
) -> None:
    connect("zoom")
    answer = come_back(as_grace, sandbox.consent(consent_url(as_grace, "zoom")))
    assert "This Zoom account is connected to another organizer here." in text_of(answer)
    refused = with_tokens(grace_user)
    assert not refused.attached
    assert (refused.access_token, refused.refresh_token) == ("", "")
    assert sandbox.calls("revoke") == []
    assert with_tokens(ada_user).attached


def test_whose_zoom_was_tried_by_another_organizer_is_told_at_once_and_mends_it_with_one_click(
    sandbox: Sandbox, connect: Connect, as_grace: Client, as_ada: Client, ada_user: User, mailoutbox: list[Any]
) -> None:
    """The consent ended her tokens at Zoom. The new ones are nobody's: they were not given for her."""
    before = connect("zoom")
    come_back(as_grace, sandbox.consent(consent_url(as_grace, "zoom")))
    after = with_tokens(ada_user)
    assert (after.status, after.refresh_token) == (Connection.Status.NEEDS_RECONNECT, before.refresh_token)
    assert "Somebody signed in to this Zoom account" in text_of(as_ada.get("/apps/integrations/zoom/"))
    tasks.sweep()
    (mail,) = mailoutbox
    assert mail.to == [ada_user.email]
    assert "Somebody signed in to this Zoom account to connect it to another organizer here." in mail.body
    assert "grace" not in mail.body.lower()
    assert connect("zoom").usable


def test_a_holder_who_connected_after_the_other_consent_is_left_alone(
    sandbox: Sandbox, connect: Connect, as_grace: Client, ada_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = grants.exchange

    def overtaken(*args: Any, **more: Any) -> grants.Grant:
        grant = real(*args, **more)
        Connection.objects.filter(user=ada_user).update(connected_at=timezone.now())
        return grant

    connect("zoom")
    monkeypatch.setattr(grants, "exchange", overtaken)
    come_back(as_grace, sandbox.consent(consent_url(as_grace, "zoom")))
    assert with_tokens(ada_user).usable


def test_a_permission_that_can_be_done_without_is_named_where_it_was_not_granted(
    sandbox: Sandbox, as_ada: Client, ada_user: User
) -> None:
    everything = ["user:read:user", "meeting:read:meeting"]
    everything += [f"meeting:{deed}:meeting" for deed in ("write", "update", "delete")]
    sandbox.act("set_scopes", service="zoom", scopes=everything)
    answer: Any = come_back(as_ada, sandbox.consent(consent_url(as_ada, "zoom")))
    assert 'data-state="connected"' in text_of(answer)
    words = "Not allowed: look for our own mark among your scheduled meetings after a lost answer."
    told = [str(message) for message in answer.context["messages"]]
    assert told[0] == "Zoom is connected."
    assert told[1].startswith(words)
    assert with_tokens(ada_user).events.get(kind="withheld").text.startswith(words)
    shown = text_of(as_ada.get("/apps/integrations/zoom/"))
    assert "<dt>Not allowed</dt><dd>look for our own mark" in shown


def test_nothing_is_named_as_not_allowed_where_all_was_granted(
    sandbox: Sandbox, as_ada: Client, ada_user: User
) -> None:
    answer = text_of(come_back(as_ada, sandbox.consent(consent_url(as_ada, "zoom"))))
    assert 'data-state="connected"' in answer
    assert "Not allowed" not in answer


def test_another_account_in_its_place_raises_the_generation_and_ends_the_earlier_grant(connect: Connect) -> None:
    first = connect("zoom", persona="zoe")
    second = connect("zoom", persona="yan")
    assert second.external_id != first.external_id
    assert second.generation == first.generation + 1
    assert second.revocations.get().external_id == first.external_id


def test_the_same_account_again_keeps_the_generation(connect: Connect) -> None:
    first = connect("zoom")
    again = connect("zoom")
    assert again.generation == first.generation
    assert again.token_version == first.token_version + 1
    assert not again.revocations.exists()


def test_google_without_a_refresh_token_is_refused_in_words(sandbox: Sandbox, as_ada: Client, settings: Any) -> None:
    location = sandbox.consent(consent_url(as_ada, "google").replace("access_type=offline", "access_type=online"))
    assert "Google Calendar gave access for an hour only." in text_of(come_back(as_ada, location))


def test_google_without_a_new_refresh_token_keeps_the_earlier_one(
    sandbox: Sandbox, as_ada: Client, connect: Connect, ada_user: User
) -> None:
    earlier = connect("google")
    location = sandbox.consent(consent_url(as_ada, "google").replace("access_type=offline", "access_type=online"))
    come_back(as_ada, location)
    again = with_tokens(ada_user, "google")
    assert again.refresh_token == earlier.refresh_token
    assert again.access_token != earlier.access_token


def test_a_provider_that_is_not_configured_connects_nothing(as_ada: Client, settings: Any) -> None:
    settings.ZOOM_CLIENT_ID = ""
    assert "not configured" in text_of(as_ada.get("/apps/integrations/"))
    page = text_of(as_ada.get(PAGE))
    assert "Connect Zoom Account" not in page
    assert "Zoom is not configured on this site" in page
    assert as_ada.post("/apps/integrations/zoom/connect/")["Location"] == PAGE


def test_coming_back_leads_to_a_path_of_ours_only(sandbox: Sandbox, as_ada: Client) -> None:
    for wanted, reached in (("/start/", "/start/"), ("//evil.example/", PAGE), ("https://evil.example/", PAGE)):
        url = as_ada.post("/apps/integrations/zoom/connect/", {"return_to": wanted})["Location"]
        parts = urlsplit(sandbox.consent(url))
        assert as_ada.get(f"{parts.path}?{parts.query}")["Location"] == reached
