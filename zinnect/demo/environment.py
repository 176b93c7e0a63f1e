"""The environment that a product of its own runs in: every variable is set, so nothing of the machine's leaks in."""

from __future__ import annotations

import os
from pathlib import Path

ROOM_FOR_PROGRAMS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")

# What settings.py reads. The providers' addresses lead nowhere until they are set.
DEFAULTS = {
    "DEBUG": "0",
    "SECRET_KEY": "not-a-secret-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ENCRYPTION_KEYS": "Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OWFiY2RlZi4=",
    "BASE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "EMAIL_URL": "memorymail://",
    "DEFAULT_FROM_EMAIL": "Zinnect <bookings@zinnect.example>",
    "SUPPORT_EMAIL": "support@zinnect.com",
    "ZOOM_CLIENT_ID": "",
    "ZOOM_CLIENT_SECRET": "",
    "ZOOM_WEBHOOK_SECRET": "",
    "ZOOM_OAUTH_URL": "http://127.0.0.1:9/zoom/oauth",
    "ZOOM_API_URL": "http://127.0.0.1:9/zoom/v2",
    "GOOGLE_CLIENT_ID": "",
    "GOOGLE_CLIENT_SECRET": "",
    "GOOGLE_AUTH_URL": "http://127.0.0.1:9/google/auth",
    "GOOGLE_TOKEN_URL": "http://127.0.0.1:9/google/token",
    "GOOGLE_REVOKE_URL": "http://127.0.0.1:9/google/revoke",
    "GOOGLE_API_URL": "http://127.0.0.1:9/google",
    "MEETING_FALLBACK_SECONDS": "300",
    "PROVIDER_TIMEOUT_SECONDS": "10",
    "ARRANGE_LEASE_SECONDS": "60",
    "SWEEP_SECONDS": "15",
    "BUSY_MAX_AGE_SECONDS": "900",
    "RETENTION_DAYS": "0",
    "LOG_RETENTION_DAYS": "0",
    "RATE_LIMITS": "default",
    "TRUSTED_PROXIES": "0",
    "SIGNUP_OPEN": "1",
    "METRICS_TOKEN": "",
    "EMBED_ANCESTORS": "",
    "SENTRY_DSN": "",
    "LOG_LEVEL": "INFO",
    "STATIC_ROOT": str(Path(__file__).resolve().parents[2] / "staticfiles"),
    "ZINNECT_SANDBOX": "0",
}


def isolated(**changes: str) -> dict[str, str]:
    """An environment for a child process: what programs need at all, the defaults, and ``changes``."""
    kept = {name: os.environ[name] for name in ROOM_FOR_PROGRAMS if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **DEFAULTS, **changes}
