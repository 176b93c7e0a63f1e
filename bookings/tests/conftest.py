"""What the tests of several files break."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address that the mail server refuses for good."""
    address, deliver = "nobody@example.org", EmailBackend.send_messages

    def answer(self: EmailBackend, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            if address in message.to:
                raise smtplib.SMTPRecipientsRefused({address: (550, b"no such mailbox")})
        return deliver(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", answer)
    return address
