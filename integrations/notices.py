"""Mails that tell an organizer, once, that a connection was lost, or that its daily limit is nearly used up."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import providers, usage
from integrations.language import in_language_of
from integrations.models import Connection, DailyUse

logger = logging.getLogger(__name__)


def due_notices(limit: int) -> list[int]:
    """Ids of the connections whose organizer is still to be told."""
    due = Connection.objects.filter(notice_due=True).order_by("last_error_at")
    return list(due.values_list("pk", flat=True)[:limit])


def mail_notice(connection_id: int) -> bool:
    """Tell the organizer, unless somebody has; whether this call did. What cannot be sent stays due."""
    lost = Connection.objects.filter(pk=connection_id, status=Connection.Status.NEEDS_RECONNECT)
    if not lost.filter(notice_due=True).update(notice_due=False):
        return False
    connection = Connection.objects.select_related("user").get(pk=connection_id)
    try:
        letter(connection, "needs_reconnect").send()
    except (OSError, SMTPException) as error:
        logger.warning("mail about connection %s was not sent: %s", connection_id, type(error).__name__)
        lost.update(notice_due=True)
        return False
    with in_language_of(connection.user):
        connection.note("organizer_told", _("The organizer was mailed that it needs to be reconnected."))
    return True


def mail_warning(use_id: int) -> bool:
    """Tell the organizer, once for the day, that its limit is nearly used up; whether this call did."""
    row = usage.of_today().filter(pk=use_id, told_at=None).first()
    connection = usage.holder(row) if row is not None else None
    if row is None or connection is None:
        return False
    if not DailyUse.objects.filter(pk=row.pk, told_at=None).update(told_at=timezone.now()):
        return False
    try:
        letter(connection, "daily_limit", usage=usage.usage(row, usage.zone_of(connection.user))).send()
    except (OSError, SMTPException) as error:
        logger.warning("mail about the limit of connection %s was not sent: %s", connection.pk, type(error).__name__)
        DailyUse.objects.filter(pk=row.pk).update(told_at=None)
        return False
    with in_language_of(connection.user):
        connection.note("organizer_told", _("The organizer was mailed that the daily limit is nearly used up."))
    return True


def letter(connection: Connection, template: str, **more: object) -> EmailMultiAlternatives:
    """``integrations/mail/<template>`` in the organizer's language. The first line of its text is the subject."""
    provider = providers.get(connection.provider)
    context = {
        "provider": provider,
        "connection": connection,
        "url": f"{settings.BASE_URL}{reverse('integrations:detail', args=[provider.slug])}",
        "support_email": settings.SUPPORT_EMAIL,
        **more,
    }
    with in_language_of(connection.user):
        first, _newline, text = render_to_string(f"integrations/mail/{template}.txt", context).partition("\n")
        subject = first.strip()
        html = render_to_string(
            f"integrations/mail/{template}.html", context | {"subject": subject, "heading": subject}
        )
    email = EmailMultiAlternatives(
        subject, text.strip() + "\n", to=[connection.user.email], headers={"Auto-Submitted": "auto-generated"}
    )
    email.attach_alternative(html, "text/html")
    return email
