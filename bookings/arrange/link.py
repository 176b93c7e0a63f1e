"""Which link people are told, and by whom: decided once for a revision, before anybody is told."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.reasons import why_no_meeting
from bookings.arrange.situation import Situation
from bookings.models import Announcement, CalendarEntry, Meeting
from bookings.services.booking import offer_new_link
from bookings.words import MEET

_CALENDAR, _MAIL = Announcement.Channel.CALENDAR, Announcement.Channel.MAIL


@dataclass(frozen=True)
class Link:
    """A choice: whose link (empty: none), the link, and for the organizer why it is not the one that was wanted."""

    provider: str = ""
    join_url: str = ""
    why: str = ""


def decide(s: Situation) -> None:
    """Write this revision's announcement, if it can be decided now; else say when to look again."""
    if s.announcement is not None:
        _reconsider_channel(s, s.announcement)
        return
    link = _choose_link(s)
    channel = _choose_channel(s, link) if link else None
    if link is None or channel is None:
        s.later("link", s.deadline)
        return
    why = link.why or (_calendar_words(s) if channel == _MAIL and s.calendar_attached else "")
    s.lease.require(s.revision)
    s.announcement = Announcement.objects.create(
        booking=s.booking,
        revision=s.revision,
        channel=channel,
        provider=link.provider,
        join_url=link.join_url,
        why=why,
    )
    if why:
        s.note("fallback", why, problem=True)
    _told_by_mail(s, s.announcement)


def _told_by_mail(s: Situation, a: Announcement) -> None:
    if a.channel == _MAIL and a.done_at is None:
        s.write(a, done_at=timezone.now())


def _reconsider_channel(s: Situation, a: Announcement) -> None:
    """Where the calendar has not told anybody and does not by the deadline, our mail does."""
    if a.done_at is not None:
        _offer_late_link(s, a)
        return
    if a.channel == _CALENDAR and not a.in_doubt and _calendar_is_out(s):
        why = a.why or _calendar_words(s)
        provider = a.provider if a.join_url or a.link_erased else ""
        s.write_ahead(a, channel=_MAIL, provider=provider, why=why)
        s.note("fallback", why, problem=True)
    _told_by_mail(s, a)


def _offer_late_link(s: Situation, a: Announcement) -> None:
    """People were told that a link follows, and here it is: announced once, as a new revision."""
    if not s.booking.is_video or a.provider or s.held is not None:
        return
    link = _available(s)
    if link is not None:
        s.note("late_link", _("The join link is there now; people are told."))
        offer_new_link(s.booking)
        s.lease.require(s.revision)


def _available(s: Situation) -> Link | None:
    """A link that exists right now: the meeting's, else Meet's."""
    chosen = s.chosen
    if chosen is not None and chosen.state == Meeting.State.LIVE:
        return Link(chosen.provider, chosen.join_url)
    if s.entry is not None and s.entry.conference == CalendarEntry.Conference.READY and s.entry.meet_url:
        return Link(MEET, s.entry.meet_url)
    return None


def _choose_link(s: Situation) -> Link | None:
    """None: wait."""
    if not s.booking.is_video:
        return Link()
    if s.held is not None:
        return Link(s.held.provider, s.held.join_url or (s.entry.meet_url if s.entry else ""))
    if s.chosen is not None and s.chosen.state == Meeting.State.LIVE:
        return Link(s.chosen.provider, s.chosen.join_url)
    if s.chosen is not None and not s.out_of_time(s.chosen):
        return None
    why = why_no_meeting(s)
    if s.entry is not None and s.entry.state == CalendarEntry.State.LIVE:
        if s.entry.conference == CalendarEntry.Conference.READY:
            return Link(MEET, s.entry.meet_url, why)
        if s.entry.conference == CalendarEntry.Conference.PENDING and not s.is_late:
            return None
        if s.entry.conference == CalendarEntry.Conference.NONE and s.entry.calendar.allows_meet:
            # It was taken out for a link that is gone; the announcing patch asks for it again.
            return Link(MEET, "", why)
    elif not _calendar_is_out(s):
        return None
    return Link(why=why or _("No join link could be made. Please send one yourself, or try again."))


def _choose_channel(s: Situation, link: Link) -> Announcement.Channel | None:
    """None: wait. The calendar tells people where it can in time, and Meet is never left beside another link."""
    if not s.calendar_attached or _calendar_is_out(s):
        return _MAIL
    if s.entry is None or s.entry.state != CalendarEntry.State.LIVE:
        return None
    pending = s.entry.conference == CalendarEntry.Conference.PENDING
    if pending and link.provider != MEET:
        return _MAIL if s.is_late else None
    return _CALENDAR


def _calendar_is_out(s: Situation) -> bool:
    """Whether the calendar cannot tell people in time."""
    if s.entry is None:
        return s.calendar is None and (not s.calendar_trouble or s.is_late)
    if not s.entry_reachable:
        return True
    if s.entry.state == CalendarEntry.State.LIVE and not s.entry.attempts:
        return False
    return s.out_of_time(s.entry)


def _calendar_words(s: Situation) -> str:
    trouble = (s.entry.last_error if s.entry else "") or s.calendar_trouble
    return _("Google Calendar did not answer in time, so we sent the invitation by mail. %(why)s") % {"why": trouble}
