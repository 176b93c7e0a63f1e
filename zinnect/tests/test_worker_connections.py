"""What a worker's thread does with its connection to the database between two tasks."""

from __future__ import annotations

import pytest
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]  # the stubs lack it
from django.db import Error, connection

from bookings.models import Booking
from zinnect.celery import app, keep_what_works

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def between_two_tasks() -> None:
    """What Celery does after the one, and we before the other."""
    DjangoWorkerFixup(app).close_database()
    keep_what_works()


def test_it_is_kept_from_task_to_task() -> None:
    connection.ensure_connection()
    before = connection.connection
    between_two_tasks()
    Booking.objects.exists()
    assert connection.connection is before


def test_one_that_broke_is_replaced_before_the_next_task() -> None:
    connection.ensure_connection()
    connection.connection.close()
    with pytest.raises(Error):
        Booking.objects.exists()
    between_two_tasks()
    assert not Booking.objects.exists()


def test_one_that_the_database_closed_meanwhile_is_replaced_before_it_is_used() -> None:
    connection.ensure_connection()
    connection.connection.close()
    between_two_tasks()
    assert not Booking.objects.exists()
