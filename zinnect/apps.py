"""What is wired up when all apps are ready."""

from django.apps import AppConfig


class ZinnectConfig(AppConfig):
    """The wiring: system checks and the heartbeat."""

    name = "zinnect"

    def ready(self) -> None:
        """Register checks and the heartbeat."""
        from zinnect import checks, heartbeat

        checks.register_all()
        heartbeat.connect()
