"""Names for what people read."""

from __future__ import annotations

from integrations import providers

MEET = "google_meet"


def service_name(provider: str) -> str:
    """What the video service of a link is called; empty where there is no link."""
    if not provider:
        return ""
    return "Google Meet" if provider == MEET else providers.get(provider).name
