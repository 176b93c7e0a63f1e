"""Calls that may run side by side: HTTP only. What is recorded is written before and after them, by one thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from integrations.errors import ProviderError
from integrations.models import Connection
from integrations.oauth import call_with_token, note_failure, note_success, with_valid_token


@dataclass(frozen=True)
class Job:
    """One call: ``call`` gets the access token of ``connection`` (``ready``) and does HTTP only.

    ``record`` and ``fail`` write what came of it.
    """

    connection: Connection
    call: Callable[[str], Any]
    record: Callable[[Any], None]
    fail: Callable[[ProviderError], None]


def ready(connection: Connection, generation: int | None = None) -> Connection:
    """The connection with a valid access token, of this generation where one is given. Raises ProviderError."""
    row = with_valid_token(connection.pk)
    if generation is not None and row.generation != generation:
        raise ProviderError(_("The connection was removed meanwhile."), retryable=True)
    return row


def _attempt(job: Job) -> Any:
    try:
        return job.call(job.connection.access_token)
    except ProviderError as error:
        return error


def perform(jobs: list[Job]) -> None:
    """Do the jobs side by side and record each. A refused token is renewed and its call made once more."""
    if not jobs:
        return
    with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        # A thread begins in the site's language, and what goes wrong is said in the organizer's.
        others = [pool.submit(override(get_language())(_attempt), job) for job in jobs[1:]]
        outcomes = [_attempt(jobs[0])] + [other.result() for other in others]
    for job, outcome in zip(jobs, outcomes, strict=True):
        _settle(job, outcome)


def _settle(job: Job, outcome: Any) -> None:
    """Record what came of a call, on the connection too. A refused token is renewed and the call made once more."""
    if isinstance(outcome, ProviderError) and outcome.unauthorized:
        outcome = _renewed(job)
    elif isinstance(outcome, ProviderError):
        note_failure(job.connection.pk, outcome)
    else:
        note_success(job.connection)
    if isinstance(outcome, ProviderError):
        job.fail(outcome)
    else:
        job.record(outcome)


def _renewed(job: Job) -> Any:
    try:
        return call_with_token(job.connection, job.call, refused=job.connection.access_token)
    except ProviderError as error:
        return error
