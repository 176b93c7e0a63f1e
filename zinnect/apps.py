"""What is wired up when all apps are ready."""

from django.apps import AppConfig


class ZinnectConfig(AppConfig):
    """The wiring: logs, checks, the heartbeat, metrics, the audit log, and what is looked at when a worker starts."""

    name = "zinnect"

    def ready(self) -> None:
        """Connect what listens."""
        from zinnect import audit, checks, counters, heartbeat, logs, startup

        logs.configure()
        checks.register_all()
        heartbeat.connect()
        counters.connect()
        startup.connect()
        audit.connect()
