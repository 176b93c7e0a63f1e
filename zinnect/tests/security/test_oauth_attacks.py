"""What integrations/tests/test_connecting.py does not try: other hosts, other answers, and ways out of the site.

There: state forged, replayed, expired, another user's, another session's, another provider's; consent refused; the
verifier wrong; ``return_to`` elsewhere. Here: RFC 9700 read from the attacker's side, and every redirect of the site.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from bookings.models import Organizer
from integrations.models import AuthorizationRequest, Connection
from integrations.sandbox.testing import Sandbox
from zinnect.tests.fixtures import PASSWORD

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "\x00//evil.example",
    " //evil.example",
]


def away(client: Client, slug: str = "zoom", **headers: str) -> str:
    """Where "Connect" leads."""
    answer = client.post(f"/apps/integrations/{slug}/connect/", headers=headers or None)
    assert answer.status_code == 302
    return str(answer["Location"])


def come_back(client: Client, location: str, **changes: str) -> Any:
    """Follow the provider's redirect with another query."""
    parts = urlsplit(location)
    query = dict(parse_qsl(parts.query)) | changes
    return client.get(f"{parts.path}?{urlencode(query)}", follow=True)


def own(location: str) -> bool:
    r"""Whether a browser would stay on our site (WHATWG URL: it drops tabs and leading blanks, and "\" is "/")."""
    read = "".join(character for character in location if character not in "\t\r\n").replace("\\", "/")
    read = read.lstrip("".join(map(chr, range(33))))
    parts = urlsplit(read)
    return (parts.scheme, parts.netloc) in {("", ""), ("http", "testserver")} and not read.startswith("//")


# --- The way to the provider -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["zoom", "google"])
def test_the_way_back_is_built_from_base_url_whatever_the_request_says(
    sandbox: Sandbox, as_ada: Client, settings: Settings, slug: str
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    asked = parse_qs(urlsplit(away(as_ada, slug, **forged, Forwarded="host=evil.example")).query)
    assert asked["redirect_uri"] == [f"{settings.BASE_URL}/apps/integrations/{slug}/callback/"]


def test_a_state_is_long_random_and_new_each_time(sandbox: Sandbox, as_ada: Client) -> None:
    states = {parse_qs(urlsplit(away(as_ada)).query)["state"][0] for _ in range(5)}
    challenges = set(AuthorizationRequest.objects.values_list("code_verifier", flat=True))
    assert len(states) == len(challenges) == 5
    assert min(map(len, states)) * 6 >= 256  # base64url
    assert min(map(len, challenges)) >= 43  # RFC 7636, 4.1


def test_neither_state_nor_verifier_is_stored_in_plain_text(sandbox: Sandbox, as_ada: Client, ada: Organizer) -> None:
    from django.db import connection

    asked = parse_qs(urlsplit(away(as_ada)).query)
    verifier = AuthorizationRequest.objects.get().code_verifier
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_authorizationrequest")
        stored = str(cursor.fetchall())
    assert asked["state"][0] not in stored
    assert verifier not in stored
    assert str(as_ada.session.session_key) not in stored
    assert verifier not in str(dict(as_ada.session))


# --- The way back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["post", "put"])
def test_an_answer_comes_by_get_only(sandbox: Sandbox, as_ada: Client, method: str) -> None:
    location = sandbox.consent(away(as_ada)).replace("http://localhost:8000", "")
    assert getattr(as_ada, method)(location).status_code == 405
    assert sandbox.calls("token.exchange") == []


def test_a_forged_code_with_a_good_state_connects_nothing_and_spends_the_state(
    sandbox: Sandbox, as_ada: Client, ada: Organizer
) -> None:
    location = sandbox.consent(away(as_ada))
    assert "did not accept the sign-in" in come_back(as_ada, location, code="stolen").content.decode()
    assert "was used already" in come_back(as_ada, location).content.decode()
    assert not Connection.objects.get(user=ada.user).attached


def test_a_code_of_another_sign_in_is_refused_by_its_challenge(
    sandbox: Sandbox, as_ada: Client, grace: Organizer
) -> None:
    """Code injection (RFC 9700, 4.5): Ada's code in Grace's sign-in; PKCE binds it to Ada's."""
    as_grace = Client()
    as_grace.force_login(grace.user)
    adas_code = parse_qs(urlsplit(sandbox.consent(away(as_ada))).query)["code"][0]
    answer = come_back(as_grace, sandbox.consent(away(as_grace)), code=adas_code)
    assert "did not accept the sign-in" in answer.content.decode()
    assert not Connection.objects.get(user=grace.user).attached


def test_an_answer_names_no_endpoint_that_we_would_ask(sandbox: Sandbox, as_ada: Client) -> None:
    """Mix-up (RFC 9700, 4.4): who the provider is was written down at the start, and no answer changes it."""
    location = sandbox.consent(away(as_ada))
    extra = {
        "iss": "https://evil.example",
        "token_endpoint": "https://evil.example/",
        "api_url": "https://evil.example",
    }
    assert "Zoom is connected." in come_back(as_ada, location, **extra).content.decode()


def test_what_the_provider_says_in_an_error_is_not_shown(sandbox: Sandbox, as_ada: Client) -> None:
    state = parse_qs(urlsplit(away(as_ada)).query)["state"][0]
    told = {"state": state, "error": "<b>x</b>", "error_description": "Call +1 555 0100", "error_uri": "//evil.example"}
    page = as_ada.get(f"/apps/integrations/zoom/callback/?{urlencode(told)}", follow=True).content.decode()
    assert "sent you back without allowing access" in page
    assert not [words for words in ("<b>x</b>", "555 0100", "evil.example") if words in page]


def test_two_answers_at_once_in_one_query_are_one(sandbox: Sandbox, as_ada: Client) -> None:
    """The state of one and the code of another, each twice: the last counts, and the two have to match."""
    location = sandbox.consent(away(as_ada)).replace("http://localhost:8000", "")
    page = as_ada.get(f"{location}&state=forged&code=forged", follow=True).content.decode()
    assert "was not begun here" in page
    assert sandbox.calls("token.exchange") == []


def test_the_code_is_gone_from_the_address_after_the_callback(sandbox: Sandbox, as_ada: Client) -> None:
    location = sandbox.consent(away(as_ada))
    code = parse_qs(urlsplit(location).query)["code"][0]
    answer = come_back(as_ada, location)
    assert all(code not in url for url, _status in answer.redirect_chain)
    assert code not in answer.content.decode()
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("method", ["connect", "remove"])
def test_another_site_can_neither_connect_nor_remove(sandbox: Sandbox, ada: Organizer, method: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user)
    answer = browser.post(f"/apps/integrations/zoom/{method}/", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


# --- No way out of the site ------------------------------------------------------------------------------------------


def test_the_judge_of_addresses_is_awake() -> None:
    assert [place for place in ELSEWHERE if own(place)] == []
    assert own("/bookings/")


@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_parameter_leads_out_of_the_site(ada: Organizer, sandbox: Sandbox, place: str) -> None:
    sign_in = {"login": ada.email, "password": PASSWORD}
    query = urlencode({"next": place, "return_to": place, "url": place, "redirect": place})
    signed_in = Client()
    signed_in.force_login(ada.user)
    answers = [
        Client().post("/accounts/login/", sign_in | {"next": place}),
        Client().post(f"/accounts/login/?{query}", sign_in),
        Client().get(f"/accounts/signup/?{query}"),
        Client().get(f"/bookings/?{query}"),
        Client().get(f"/apps/integrations/zoom/callback/?{query}"),
        Client().post(f"/admin/login/?{query}", {"username": "x", "password": "y"}),
        signed_in.get(f"/accounts/login/?{query}"),
        signed_in.get(f"/?{query}"),
        signed_in.get(f"/apps/integrations/google/remove/?{query}"),
        signed_in.post("/start/", {"next": place}),
        signed_in.get(f"/accounts/reauthenticate/?{query}"),
        signed_in.post(f"/accounts/reauthenticate/?{query}", {"password": PASSWORD, "next": place}),
        signed_in.post(f"/accounts/logout/?{query}", {"next": place}),
    ]
    assert [
        answer["Location"] for answer in answers if answer.has_header("Location") and not own(answer["Location"])
    ] == []
    assert sum(answer.has_header("Location") for answer in answers) >= 6


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/https://evil.example"]
)
def test_the_slash_that_is_appended_leads_nowhere_else(db: None, path: str) -> None:
    answer = Client().generic("GET", path)
    assert own(answer.get("Location", "/"))


@pytest.mark.parametrize("place", [*ELSEWHERE, "evil.example", "?next=//evil.example", "/" + "a" * 200])
def test_no_other_place_is_kept_to_return_to_after_connecting(sandbox: Sandbox, as_ada: Client, place: str) -> None:
    as_ada.post("/apps/integrations/zoom/connect/", {"return_to": place})
    assert AuthorizationRequest.objects.get().return_to == ""
