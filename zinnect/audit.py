"""Django's log of admin, brought into one that cannot be changed.

Everything that admin does writes a ``LogEntry``: adding, changing and deleting by itself, our actions by
``ModelAdmin.log_change`` with the words ``<action>: <how it went>``.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models.signals import post_save, pre_save
from django.utils.translation import override

from zinnect.models import AuditEntry

BUILT_IN = {ADDITION: "Add", CHANGE: "Change", DELETION: "Delete"}


def connect() -> None:
    """Called once, when the apps are ready."""
    pre_save.connect(name_nobody, LogEntry, dispatch_uid="zinnect.audit.name_nobody")
    post_save.connect(keep, LogEntry, dispatch_uid="zinnect.audit.keep")


def name_nobody(instance: LogEntry, **kwargs: Any) -> None:
    """What Django writes down of an object is its name, which may be a person's: the id says which one it was."""
    instance.object_repr = f"{_model(instance)} {instance.object_id}"


def keep(instance: LogEntry, *, created: bool, **kwargs: Any) -> None:
    """Copy a new entry."""
    if not created:
        return
    action, outcome = _said(instance)
    AuditEntry.objects.create(
        at=instance.action_time,
        actor_id=instance.user_id,
        action=action,
        model=_model(instance),
        object_id=instance.object_id or "",
        outcome=outcome,
    )


def _model(entry: LogEntry) -> str:
    of = entry.content_type
    return f"{of.app_label}.{of.model}" if of else ""


def _said(entry: LogEntry) -> tuple[str, str]:
    """The action and how it went. Django's own messages are JSON that names the fields."""
    if entry.change_message and not entry.change_message.startswith("["):
        action, _colon, outcome = entry.change_message.partition(": ")
        return action, outcome
    with override("en"):
        return BUILT_IN[entry.action_flag], entry.get_change_message()
