"""The wiring: settings, URLs, Celery, health and the demo."""

from zinnect.celery import app as celery_app

__all__ = ["celery_app"]
