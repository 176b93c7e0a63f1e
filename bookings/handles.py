"""Which words may stand as the first part of a public page's path."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Paths of ours today, and words that we may want tomorrow or that would mislead people. A test walks the URL
# resolver and fails when a first part is missing.
RESERVED_HANDLES = frozenset(
    """
    about abuse accounts admin api app apps assets availability b billing blog book booking bookings calendar calendars
    contact contacts docs dashboard demo embed error event-types event_types events favicon favicon.ico healthz help
    home i18n impressum index integrations legal login logout mail mail-preview media metrics new oauth pricing privacy
    readyz register robots robots.txt root security settings setup signin signout signup sitemap start static status
    styleguide support teams terms user users webhook webhooks well-known www zinnect zoom google
    """.split()
)
_SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def validate_handle(handle: str) -> None:
    """Raise ValidationError unless ``handle`` is 1–40 lower-case letters, digits, inner hyphens; not one of ours."""
    if not _SHAPE.fullmatch(handle):
        raise ValidationError(
            _("Use lower-case letters, digits and hyphens, beginning and ending with a letter or digit.")
        )
    if handle in RESERVED_HANDLES:
        raise ValidationError(_("This address is reserved. Choose another one."))
