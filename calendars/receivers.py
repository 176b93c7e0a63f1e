"""Connections come and go: calendars follow."""

from __future__ import annotations

from django.dispatch import receiver
from django.utils.translation import gettext as _

from calendars import google
from calendars.busy import forget
from calendars.sync import sync_calendars
from integrations.http import ProviderError
from integrations.models import Connection
from integrations.signals import connection_made, connection_removed


@receiver(connection_made, dispatch_uid="calendars.read_the_list")
def read_the_list(sender: object, connection: Connection, **kwargs: object) -> None:
    """Read the new account's calendars at once; when that fails, the first use reads them."""
    if connection.provider != google.PROVIDER or not connection.usable:
        return
    forget(connection.user_id)
    try:
        sync_calendars(connection)
    except ProviderError as error:
        words = _("The calendars could not be read yet: %(why)s") % {"why": error}
        connection.note("calendars_unread", words)


@receiver(connection_removed, dispatch_uid="calendars.forget_busy_times")
def forget_busy_times(sender: object, connection: Connection, **kwargs: object) -> None:
    """What the removed account said of busy times no longer counts."""
    if connection.provider == google.PROVIDER:
        forget(connection.user_id)
