"""What is wired up when all apps are ready."""

from django.apps import AppConfig


class ZinnectConfig(AppConfig):
    """The wiring: logs, system checks, the heartbeat and metrics."""

    name = "zinnect"

    def ready(self) -> None:
        """Connect what listens."""
        from zinnect import checks, counters, heartbeat, logs

        logs.configure()
        checks.register_all()
        heartbeat.connect()
        counters.connect()
