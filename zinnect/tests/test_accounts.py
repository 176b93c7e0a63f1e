"""Accounts from sign-up to password reset, and the pages that anybody may read."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from bookings.models import Organizer

NEW = {"email": "mary@example.com", "password1": "a long pass phrase", "password2": "a long pass phrase"}
ENTRANCES = ["account_login", "account_signup", "account_reset_password", "account_email_verification_sent"]
MANAGED = ["account_email", "account_change_password", "account_logout", "mfa_index"]


def _link(mail: EmailMessage) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.body))
    assert found, mail.body
    return found[1]


@pytest.mark.django_db
def test_from_sign_up_to_the_first_steps(client: Client, mailoutbox: list[EmailMessage]) -> None:
    assert client.post(reverse("account_signup"), NEW)["Location"] == reverse("account_email_verification_sent")
    assert [mail.to for mail in mailoutbox] == [["mary@example.com"]]
    confirm = _link(mailoutbox[0])
    assert client.get(confirm).status_code == 200
    assert not EmailAddress.objects.get(email="mary@example.com").verified
    client.post(confirm)
    assert EmailAddress.objects.get(email="mary@example.com").verified
    client.post(reverse("account_login"), {"login": "mary@example.com", "password": "a long pass phrase"})
    assert client.get("/bookings/")["Location"] == reverse("organizer:start")


@pytest.mark.django_db
def test_an_unconfirmed_address_does_not_get_in(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    client.post(reverse("account_login"), {"login": "mary@example.com", "password": "a long pass phrase"})
    assert client.get("/bookings/")["Location"].startswith(reverse("account_login"))


def test_signing_up_twice_tells_nobody_who_has_an_account(
    client: Client, ada: Organizer, mailoutbox: list[EmailMessage]
) -> None:
    answer = client.post(reverse("account_signup"), NEW | {"email": ada.email})
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert type(ada.user).objects.count() == 1
    assert [mail.to for mail in mailoutbox] == [[ada.email]]


@pytest.mark.parametrize(
    ("page", "form", "link"),
    [
        ("account_signup", NEW, "/accounts/confirm-email/"),
        ("account_signup", NEW | {"email": "ada@example.com"}, "/accounts/password/reset/"),
        ("account_reset_password", {"email": "ada@example.com"}, "/accounts/password/reset/key/"),
        ("account_reset_password", {"email": "nobody@example.com"}, "/accounts/signup/"),
    ],
)
def test_mail_about_accounts_is_html_and_text_with_links_from_our_own_origin(
    client: Client, ada: Organizer, mailoutbox: list[EmailMultiAlternatives], page: str, form: dict[str, str], link: str
) -> None:
    client.post(reverse(page), form)
    (mail,) = mailoutbox
    for words in (str(mail.body), str(mail.alternatives[0][0])):
        assert f"http://localhost:8000{link}" in words
        assert "testserver" not in words
        assert "support@zinnect.com" in words


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password", "mary@example.com"])
def test_a_weak_password_is_refused(client: Client, password: str) -> None:
    answer = client.post(reverse("account_signup"), NEW | {"password1": password, "password2": password})
    assert answer.status_code == 200
    assert 'class="field-error"' in answer.content.decode()


@pytest.mark.django_db
def test_closed_sign_up_says_so(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    assert "Sign-up is closed" in client.get(reverse("account_signup")).content.decode()
    for path in (reverse("account_login"), reverse("home")):
        assert reverse("account_signup") not in client.get(path).content.decode()


def test_a_forgotten_password_is_chosen_anew(client: Client, ada: Organizer, mailoutbox: list[EmailMessage]) -> None:
    client.post(reverse("account_reset_password"), {"email": ada.email})
    chosen = client.get(_link(mailoutbox[0]), follow=True)
    form = chosen.redirect_chain[-1][0]
    client.post(form, {"password1": "another pass phrase", "password2": "another pass phrase"})
    client.post(reverse("account_login"), {"login": ada.email, "password": "another pass phrase"})
    assert client.get("/bookings/").status_code == 200


def test_signing_in_goes_where_one_wanted_to_go(client: Client, ada: Organizer) -> None:
    typed = {"login": ada.email, "password": "a long password of ada's", "next": "/availability/"}
    assert client.post(reverse("account_login"), typed)["Location"] == "/availability/"
    client.post(reverse("account_logout"))
    assert client.post(reverse("account_login"), typed | {"next": "https://evil.example/"})["Location"] == "/bookings/"


def test_a_wrong_password_is_refused_in_words(client: Client, ada: Organizer) -> None:
    page = client.post(reverse("account_login"), {"login": ada.email, "password": "wrong"}).content.decode()
    assert 'class="notice notice-bad" role="alert"' in page
    assert "password you specified are not correct" in page


def test_signing_out_takes_a_click(as_ada: Client) -> None:
    as_ada.get(reverse("account_logout"))
    assert as_ada.get("/bookings/").status_code == 200
    as_ada.post(reverse("account_logout"))
    assert as_ada.get("/bookings/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("name", ENTRANCES)
def test_entrances_wear_our_layout(client: Client, name: str) -> None:
    page = client.get(reverse(name)).content.decode()
    assert "css/app.css" in page
    assert 'class="account entrance"' in page


@pytest.mark.parametrize("name", MANAGED)
def test_account_pages_wear_our_layout_and_navigation(as_ada: Client, name: str) -> None:
    page = as_ada.get(reverse(name)).content.decode()
    assert "css/app.css" in page
    assert reverse("organizer:event_types") in page


def test_nothing_is_inline_where_the_security_policy_forbids_it(as_ada: Client) -> None:
    for name in MANAGED:
        page = as_ada.get(reverse(name)).content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page), name


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["home", "help_zoom", "privacy"])
def test_anybody_may_read_the_pages_for_everybody(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert client.post(reverse(name)).status_code == 405


def test_who_is_signed_in_goes_from_the_front_door_to_the_bookings(as_ada: Client) -> None:
    assert as_ada.get("/")["Location"] == "/bookings/"


@pytest.mark.django_db
def test_the_help_explains_zoom_heading_by_heading(client: Client) -> None:
    page = client.get(reverse("help_zoom")).content.decode()
    headings = re.findall(r'<h2 id="([a-z]+)">', page)
    assert headings == [
        "overview",
        "adding",
        "permissions",
        "using",
        "booking",
        "automatic",
        "removing",
        "after",
        "data",
        "support",
    ]
    assert "mailto:support@zinnect.com" in page
    assert all(f'href="#{heading}"' in page for heading in headings)
