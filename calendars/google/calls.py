"""One call to Google Calendar: the client library over our own way of calling out.

The library's HTTP object is replaced by an adapter over ``integrations.http``: one deadline, one size cap, one error
type; its own retries stay off.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import httplib2
from django.conf import settings
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from calendars.google.errors import failure, illegible
from integrations import http

SERVICE = "Google Calendar"


class _Transport:
    """The part of httplib2's ``Http`` that the client library uses, over our own way of calling out."""

    def __init__(self, access_token: str) -> None:
        self._authorization = f"Bearer {access_token}"

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_unused: Any
    ) -> tuple[httplib2.Response, bytes]:
        """One call; raises ProviderError for network faults."""
        sent = {**(headers or {}), "authorization": self._authorization}
        # The library asks for gzip in its user agent's name only; requests decodes, so the length may differ.
        content = body.encode() if isinstance(body, str) else body
        answer = http.call(method, uri, service=SERVICE, headers=sent, body=content)
        info = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response({**info, "status": str(answer.status)}), answer.body

    def close(self) -> None:
        """Nothing to close: the connections are pooled."""


class _Api:
    """The library's service and its resources, which take as long to make as ten calls; each is made once.

    They only build requests. What differs from call to call, the transport with its token, is given to ``execute``.
    """

    def __init__(self, address: str) -> None:
        document = json.loads(get_static_doc("calendar", "v3"))
        options = {"api_endpoint": f"{address}/calendar/v3/"}
        service = build_from_document(document, http=_Transport(""), client_options=options)
        self.events, self.freebusy, self.calendars = service.events(), service.freebusy(), service.calendarList()


@lru_cache(maxsize=2)
def _api(address: str) -> _Api:
    return _Api(address)


def perform(access_token: str, make: Callable[[_Api], Any], *, etag: str = "") -> dict[str, Any]:
    """Execute the request that ``make`` builds. Raises ProviderError."""
    request = make(_api(settings.GOOGLE_API_URL))
    if etag:
        request.headers["If-Match"] = etag
    try:
        answer = request.execute(http=_Transport(access_token), num_retries=0)
    except HttpError as error:
        raise failure(error) from error
    except ValueError as error:  # a body that is not JSON
        raise illegible() from error
    return answer if isinstance(answer, dict) else {}


def all_pages(ask: Callable[[str | None], dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The items of every page of a list."""
    page: str | None = None
    while True:
        answer = ask(page)
        yield from answer.get("items", [])
        page = answer.get("nextPageToken")
        if not page:
            return
