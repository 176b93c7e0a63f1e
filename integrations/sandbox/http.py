"""Requests, answers and routes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

from .state import Json, World


@dataclass
class Request:
    """One request, read whole."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    params: dict[str, str] = field(default_factory=dict)

    def arg(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def form(self) -> dict[str, list[str]]:
        """The form body, empty when it is not one."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def json(self) -> Any:
        """The JSON body; None when there is none or it is broken."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Response:
    """One answer, built whole before any of it is sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def head(self) -> bytes:
        """The status line and headers as they go over the wire."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        headers = {"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()), **self.headers}
        if self.status != 204:
            headers.setdefault("Content-Length", str(len(self.body)))
        lines = [f"HTTP/1.1 {self.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def json_response(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return Response(status, body, {"Content-Type": "application/json; charset=UTF-8", **(headers or {})})


def html_response(html: str, status: int = 200) -> Response:
    """A page. Nothing on it may run scripts or load anything from elsewhere."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return Response(status, html.encode(), headers)


Handler = Callable[[World, Request], Response]


@dataclass(frozen=True)
class Route:
    """A method and path template (`/v2/meetings/{id}`), its call name for faults, and what answers it."""

    method: str
    template: str
    call: str
    handle: Handler

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, decoded; None when it is another path."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(pattern, path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


@dataclass(frozen=True)
class Service:
    """What one port offers. `guarded` ones meet faults and latency and are logged."""

    name: str
    routes: tuple[Route, ...]
    not_found: Callable[[Request], Response]
    failure: Callable[[str, Json], Response]
    guarded: bool = True

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route for a request and its parameters."""
        for route in self.routes:
            if route.method == method and (params := route.match(path)) is not None:
                return route, params
        return None
