"""What an error report tells: where it happened and what the error says, but no value that somebody gave us.

Django hides what is *called* a password. Tokens here pass through variables of any name (headers, bodies, prepared
requests), so in a report no variable shows its value, in no frame.
"""

from __future__ import annotations

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

# Frames through which tokens pass: hidden on the page that a developer sees with DEBUG, too.
NEVER_SHOWN = re.compile(
    r"(integrations|calendars|bookings\.arrange|requests|requests_oauthlib|oauthlib|urllib3|http|cryptography|google|"
    r"googleapiclient|redis|kombu|celery)(\.|$)"
)


class QuietFilter(SafeExceptionReporterFilter):
    """Values become stars."""

    # Addresses of databases and brokers hold passwords; a callback's query holds a code and a state.
    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|URL|DSN|LOCATION|CODE|STATE|VERIFIER|QUERY_STRING",
        re.IGNORECASE,
    )

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        """The names of the variables of a frame."""
        shown = settings.DEBUG and not NEVER_SHOWN.match(tb_frame.f_globals.get("__name__", ""))
        found = dict(super().get_traceback_frame_variables(request, tb_frame))
        if shown:
            return {name: self.cleanse_setting(name, value) for name, value in found.items()}.items()
        return dict.fromkeys(found, self.cleansed_substitute).items()

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """The names of what was posted."""
        posted = {} if request is None else request.POST
        return dict.fromkeys(posted, self.cleansed_substitute)


class QuietReport(ExceptionReporter):
    """The page of DEBUG, and reports by mail; without DEBUG no query, since a callback's holds a code and a state."""

    def get_traceback_data(self) -> dict[str, Any]:
        """What the templates of reports show."""
        data: dict[str, Any] = super().get_traceback_data()
        if not settings.DEBUG and self.request is not None:
            data["request_GET_items"] = [(name, QuietFilter.cleansed_substitute) for name in self.request.GET]
            data["request_insecure_uri"] = str(data.get("request_insecure_uri", "")).partition("?")[0]
        return data
