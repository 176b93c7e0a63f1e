"""What web processes and workers do when they start: read their templates, look whether stored tokens can be read."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery.signals import worker_init
from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.template.loader import get_template

logger = logging.getLogger(__name__)

SAMPLE = 20


def read_templates(**kwargs: Any) -> None:
    """Have all templates in memory: an upgrade changes the files before it restarts who would read them later.

    Django keeps what it has read once. All of ours take a tenth of a second.
    """
    folder = settings.BASE_DIR / "templates"
    for path in folder.rglob("*.*"):
        get_template(path.relative_to(folder).as_posix())


def look_at_secrets(**kwargs: Any) -> None:
    """Say in the log that the keys are the wrong ones. The service starts all the same: bookings need no key.

    The newest connections are enough for that; ``doctor`` looks at all.
    """
    from zinnect.diagnosis.here import stored_tokens  # models: once the apps are ready

    try:
        for problem in stored_tokens(newest=SAMPLE):
            logger.error("%s %s", problem.what, problem.mend)
    except DatabaseError as error:
        logger.warning("the stored secrets were not looked at: %s", type(error).__name__)
    finally:
        connection.close()


def look_meanwhile() -> None:
    """The same beside the start of a web process, which a database that hangs must not hold."""
    threading.Thread(target=look_at_secrets, daemon=True).start()


def connect() -> None:
    """Called once, when the apps are ready, for workers. wsgi.py asks by itself."""
    worker_init.connect(read_templates, dispatch_uid="zinnect.startup.templates", weak=False)
    worker_init.connect(look_at_secrets, dispatch_uid="zinnect.startup", weak=False)
