"""Signed form keys stand in for a cookie, so that the forms work in a frame; a repeated form is known to be the same.

Nothing is lost without the cookie: booking needs no rights, and whoever can name an invitee's page may change the
booking. What the key prevents is a form that is sent again for ever, or on to another page.
"""

from __future__ import annotations

import secrets

from django.core import signing

SALT = "bookings.form"
LIFE_SECONDS = 24 * 60 * 60


class FormKeyError(Exception):
    """The key is missing, forged, meant for another form, or older than a day."""


def issue(purpose: str) -> str:
    """A key for one showing of the form that ``purpose`` names, such as ``book:12``. Text of about 90 characters."""
    return signing.dumps([purpose, secrets.token_urlsafe(24)], salt=SALT)


def read(key: str, *, purpose: str) -> str:
    """The random part of the key (32 characters): the same for each sending of the same form. Raises FormKeyError."""
    try:
        issued_for, nonce = signing.loads(key, salt=SALT, max_age=LIFE_SECONDS)
    except signing.BadSignature as error:
        raise FormKeyError from error
    if issued_for != purpose:
        raise FormKeyError
    return str(nonce)
