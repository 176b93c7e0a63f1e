"""Our mails: each a row first, then claimed, sent, and marked. Sent again, it keeps its Message-ID."""

from __future__ import annotations

import smtplib
from contextlib import closing

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from bookings import invitations
from bookings.arrange.situation import Situation
from bookings.letters import is_refusal
from bookings.models import Announcement, Booking, Message
from bookings.status import left_alone, told_before
from integrations.errors import ProviderError

Person = tuple[Message.Role, str]  # with the address

_UNSENT = (Message.State.QUEUED, Message.State.SENDING)
_KINDS = {
    Booking.Change.BOOKED: Message.Kind.CONFIRMED,
    Booking.Change.MOVED: Message.Kind.MOVED,
    Booking.Change.LINK: Message.Kind.LINK,
    Booking.Change.CORRECTED: Message.Kind.CORRECTED,
    Booking.Change.CANCELLED: Message.Kind.CANCELLED,
}
_SENT = {
    Message.Role.INVITEE: _noop("Mail sent to the invitee."),
    Message.Role.ORGANIZER: _noop("Mail sent to the organizer."),
    Message.Role.GUEST: _noop("Mail sent to a guest."),
}


def tell(s: Situation, announcement: Announcement) -> None:
    """Send this revision's mails, once to each person."""
    people = [(Message.Role.INVITEE, s.booking.invitee_email), (Message.Role.ORGANIZER, s.booking.organizer.email)]
    if announcement.channel == Announcement.Channel.MAIL and _guests_know(s):
        people += [(Message.Role.GUEST, guest.email) for guest in s.booking.guests.all()]
    tell_each(s, announcement, _kind(s), people)


def tell_each(s: Situation, announcement: Announcement, kind: Message.Kind, people: list[Person]) -> None:
    """Send one mail of a kind to each of ``people`` for this revision, unless they have it."""
    due = [message for message in _wanted(s, kind, people) if message.state in _UNSENT and s.is_due(message)]
    unmanaged = left_alone(s.all_meetings)
    send(s, [(message, invitations.mail(message, announcement, unmanaged=unmanaged)) for message in due])


def _guests_know(s: Situation) -> bool:
    """Whether guests are to hear of this revision: of the end only of what they may have been told of."""
    return s.booking.is_live or told_before(s.booking, s.revision)


def _kind(s: Situation) -> Message.Kind:
    """What the mail says: a move of a booking that nobody was told of yet is its confirmation."""
    asides = (*Message.ASIDE, Message.Kind.REQUESTED)
    earlier = [message for message in s.messages if message.revision < s.revision and message.kind not in asides]
    # By when it was sent: one that is to be sent again is queued, and was read all the same.
    told = any(message.sent_at for message in earlier)
    ended = s.booking.change == Booking.Change.CANCELLED
    return _KINDS[Booking.Change(s.booking.change)] if told or ended else Message.Kind.CONFIRMED


def _wanted(s: Situation, kind: Message.Kind, people: list[Person]) -> list[Message]:
    mine = [message for message in s.messages if message.revision == s.revision and message.kind not in Message.ASIDE]
    existing = {(message.role, message.to_email): message for message in mine}
    missing = [person for person in people if person not in existing]
    if missing:
        s.lease.require(s.revision)
        for role, address in missing:
            existing[role, address] = Message.objects.create(
                booking=s.booking, revision=s.revision, kind=kind, role=role, to_email=address
            )
            s.messages.append(existing[role, address])
    return [existing[person] for person in people]


def send(s: Situation, mails: list[tuple[Message, EmailMessage]]) -> None:
    """Claim each message, send it as its mail, and mark what came of it. The server is greeted once for all of them."""
    with closing(get_connection()) as server:
        for message, mail in mails:
            _send(s, message, mail, server)


def _send(s: Situation, message: Message, mail: EmailMessage, server: BaseEmailBackend) -> None:
    s.write_ahead(message, state=Message.State.SENDING, claimed_at=timezone.now())
    mail.connection = server
    try:
        server.open()  # and leave it open
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        server.close()
        _not_sent(s, message, error)
    else:
        s.succeeded(message, state=Message.State.SENT, sent_at=timezone.now())
        s.note("mail", _SENT[Message.Role(message.role)])


def _not_sent(s: Situation, message: Message, error: smtplib.SMTPException | OSError) -> None:
    if is_refusal(error):
        words = _("The mail server refused the mail to %(address)s.") % {"address": message.to_email}
        s.note("problem", words, problem=True)
        s.write(message, state=Message.State.FAILED, failed_for_good=True, last_error=words)
        return
    words = _("The mail to %(address)s could not be sent yet.") % {"address": message.to_email}
    s.failed(message, ProviderError(words, retryable=True))
