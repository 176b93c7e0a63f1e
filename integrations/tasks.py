"""Celery's entry points: ids in, one service called. What is due stands in the database; beat finds what was missed."""

from __future__ import annotations

from celery import shared_task

from integrations import erasure, notices, quota, revocations, usage, webhooks

AT_A_TIME = 200


@shared_task
def sweep() -> None:
    """Do what is due: events of providers, erasures, revocations, notices, and what is old."""
    for event_id in webhooks.due_events(AT_A_TIME):
        webhooks.handle(event_id)
    for erasure_id in erasure.due_erasures(AT_A_TIME):
        erasure.erase(erasure_id)
    for revocation_id in revocations.due_revocations(AT_A_TIME):
        revocations.attempt(revocation_id)
    for connection_id in notices.due_notices(AT_A_TIME):
        notices.mail_notice(connection_id)
    for use_id in usage.due_warnings(AT_A_TIME):
        notices.mail_warning(use_id)
    webhooks.forget_old()
    quota.forget_old()


@shared_task
def handle_webhook(event_id: int) -> None:
    """Act upon one event that a provider told us."""
    webhooks.handle(event_id)


@shared_task
def revoke(revocation_id: int) -> None:
    """Try to end one removed grant at its provider."""
    revocations.attempt(revocation_id)


@shared_task
def mail_notice(connection_id: int) -> None:
    """Tell the organizer that a connection was lost."""
    notices.mail_notice(connection_id)
