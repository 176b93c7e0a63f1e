"""The Celery application: ``celery -A zinnect worker`` and ``celery -A zinnect beat``.

Celery only makes things fast. What is due stands in the database, so tasks carry ids, keep no result, and are never
retried by Celery itself.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections
from django_structlog.celery.steps import DjangoStructLogInitStep

from zinnect import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zinnect.settings")

broker.outlive()
app = Celery("zinnect")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The ids of whoever queued a task stand in the lines that it logs (zinnect/logs.py).
app.steps["worker"].add(DjangoStructLogInitStep)


@task_prerun.connect
@task_postrun.connect
def keep_what_works(**kwargs: Any) -> None:
    """Close the thread's connection to the database if it is old or broken, as Django does around each request."""
    close_old_connections()
