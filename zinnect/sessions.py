"""Ending somebody's sessions."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone


def end_sessions(user_id: int, *, keep: str | None = None) -> int:
    """Delete every session that ``user_id`` is signed in with, but for the one with the key ``keep``; how many.

    A session's row does not say whose it is, so all that are still good are read: some seconds for a hundred thousand.
    """
    live = Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=keep or "")
    theirs = [row.pk for row in live.iterator() if row.get_decoded().get(SESSION_KEY) == str(user_id)]
    for key in theirs:
        Session.objects.filter(pk=key).delete()
    return len(theirs)
