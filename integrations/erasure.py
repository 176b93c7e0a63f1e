"""Erasing what came from an account, after its user took our access away at the provider.

Zoom's rule: within ten days of the deauthorization (https://developers.zoom.us/docs/api/webhooks/, "app_deauthorized").
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.language import in_language_of
from integrations.models import Connection, DailyUse, Erasure
from integrations.signals import account_data_to_erase

logger = logging.getLogger(__name__)

WAIT = timedelta(days=7)
"""Time to change one's mind, with three days left for whatever may be down."""
AGAIN = timedelta(hours=1)
"""After a try that failed."""


def schedule(row: Connection, at: datetime) -> Erasure:
    """The pending erasure of the account that ``row`` (locked) was connected to until ``at``."""
    asked_at = min(at, timezone.now())
    pending, _made = Erasure.objects.get_or_create(
        connection=row,
        external_id=row.external_id,
        done_at=None,
        defaults={"provider": row.provider, "asked_at": asked_at, "erase_after": asked_at + WAIT},
    )
    return pending


def call_off(row: Connection, external_id: str) -> None:
    """The same account is connected again to ``row`` (locked): nothing of it is erased."""
    deleted, _by_model = Erasure.objects.filter(connection=row, external_id=external_id, done_at=None).delete()
    if deleted:
        row.note("erasure_called_off", _("The same account was connected again, so nothing of it is erased."))


def due_erasures(limit: int) -> list[int]:
    """Ids of the erasures whose time has come, the oldest first."""
    due = Erasure.objects.filter(done_at=None, erase_after__lte=timezone.now()).order_by("erase_after")
    return list(due.values_list("pk", flat=True)[:limit])


def erase(erasure_id: int) -> bool:
    """Erase, unless it was done or called off; whether this call did. A failure stays in the row and is tried again."""
    try:
        with transaction.atomic():
            return _erase(erasure_id)
    except Exception as error:
        # A fault of our own, here or in a receiver. It must not keep the sweep from the rest of its work.
        logger.exception("erasure %s failed", erasure_id)
        Erasure.objects.filter(pk=erasure_id).update(erase_after=timezone.now() + AGAIN, error=type(error).__name__)
        return False


def _erase(erasure_id: int) -> bool:
    """In the order in which connecting locks: the connection first."""
    pending = Erasure.objects.filter(pk=erasure_id, done_at=None)
    seen = pending.first()
    if seen is None:
        return False
    row = Connection.objects.select_for_update().get(pk=seen.connection_id)
    erasure = pending.select_for_update().first()
    if erasure is None:
        return False
    account_data_to_erase.send(Erasure, connection=row, provider=erasure.provider, external_id=erasure.external_id)
    with in_language_of(row.user):
        _forget(row, erasure)
    erasure.external_id, erasure.done_at, erasure.error = "", timezone.now(), ""
    erasure.save()
    return True


def _forget(row: Connection, erasure: Erasure) -> None:
    """The connection's own part, unless another account has taken its place. Its history names the account."""
    if row.external_id == erasure.external_id:
        row.external_id = row.account_id = row.email = row.display_name = row.scopes = ""
        row.save(update_fields=["external_id", "account_id", "email", "display_name", "scopes"])
    DailyUse.objects.filter(provider=erasure.provider, external_id=erasure.external_id).delete()
    named = row.events.filter(kind="connected", at__lt=erasure.asked_at)
    named.update(text=_("Connected to an account whose data have been erased since."))
    row.note("erased", _("Meeting IDs, links and account data from the provider were erased here."))
