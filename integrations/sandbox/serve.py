"""From a request to bytes on the wire, with whatever fault is planned in between."""

from __future__ import annotations

import socket
import time
from typing import Any

from .faults import Fault
from .http import Request, Response, Service
from .state import World

HANG = 30.0
WITHOUT_WORK = frozenset(("refuse", "timeout_before", "status", "expired_401", "redirect", "connection_stop"))
SECRET_ARGUMENTS = frozenset(("code", "state", "token", "access_token", "key", "code_challenge"))


def answer(service: Service, world: World, request: Request, connection: socket.socket) -> bool:
    """Serve one request; False when the connection has to end."""
    found = service.find(request.method, request.path)
    if not service.guarded:
        response = found[0].handle(world, _with(request, found[1])) if found else service.not_found(request)
        return _send(connection, response, request)
    started, call = time.monotonic(), _call_name(found[0].call, request) if found else "unknown"
    entry = _log(world, service, request, call, found[0].template if found else "")
    fault = world.faults.take(service.name, call)
    latency = getattr(world.settings, f"{service.name}_latency_ms", 0.0) / 1000
    if latency:
        time.sleep(latency)
    entry["fault"] = fault.kind if fault else None

    def work() -> Response:
        if not found:
            response = service.not_found(request)
        else:
            with world.lock:
                response = found[0].handle(world, _with(request, found[1]))
        entry["status"] = response.status
        return response

    try:
        if fault is None:
            return _send(connection, work(), request)
        if fault.params.get("work") is False or fault.kind in WITHOUT_WORK:
            return _without_work(service, world, request, connection, fault, entry)
        if fault.kind == "delay":
            world.faults.hang(float(fault.params.get("ms", 1000)) / 1000)
            return _send(connection, work(), request)
        if fault.kind == "status_after":
            work()
            response = _status(service, call, fault.params)
            entry["status"] = response.status
            return _send(connection, response, request)
        return _after_work(world, request, connection, fault, work())
    finally:
        entry["duration_ms"] = round((time.monotonic() - started) * 1000, 1)


def _call_name(call: str, request: Request) -> str:
    """The name faults know a call by: the two uses of the token endpoint are two calls."""
    if call != "token":
        return call
    return "token.refresh" if request.form().get("grant_type") == ["refresh_token"] else "token.exchange"


def _with(request: Request, params: dict[str, str]) -> Request:
    request.params = params
    return request


def _log(world: World, service: Service, request: Request, call: str, template: str) -> dict[str, Any]:
    """Open a line in the call log. Authorization, codes and bodies never enter it."""
    query = {name: values[-1] for name, values in request.query.items() if name not in SECRET_ARGUMENTS}
    entry: dict[str, Any] = {
        "at": world.stamp(),
        "service": service.name,
        "call": call,
        "method": request.method,
        "template": template,
        "path": request.path,
        "query": query,
        "status": None,
        "duration_ms": None,
        "fault": None,
    }
    with world.lock:
        world.calls.append(entry)
        world.counters[f"{request.method} {template or request.path}"] += 1
    return entry


def _send(connection: socket.socket, response: Response, request: Request) -> bool:
    close = request.headers.get("connection", "").lower() == "close"
    if close:
        response.headers["Connection"] = "close"
    body = b"" if request.method == "HEAD" or response.status == 204 else response.body
    connection.sendall(response.head() + body)
    return not close


def _without_work(
    service: Service,
    world: World,
    request: Request,
    connection: socket.socket,
    fault: Fault,
    entry: dict[str, Any],
) -> bool:
    """The faults that come before anything is done."""
    params = fault.params
    if fault.kind == "connection_stop":
        world.stoppers[service.name](float(params.get("seconds", 5)))
    if fault.kind == "timeout_before":
        world.faults.hang(float(params.get("seconds", HANG)))
    if fault.kind in ("refuse", "timeout_before", "connection_stop"):
        return False
    if fault.kind == "redirect":
        location = str(params.get("url", "http://127.0.0.1:9/elsewhere"))
        response = Response(int(params.get("status", 302)), b"", {"Location": location})
    elif fault.kind == "expired_401":
        response = service.failure(entry["call"], {"status": 401, "expired": True})
    elif fault.kind == "status":
        response = _status(service, entry["call"], params)
    else:
        entry["status"] = 200
        return _after_work(world, request, connection, fault, Response(200))
    entry["status"] = response.status
    return _send(connection, response, request)


def _status(service: Service, call: str, params: dict[str, Any]) -> Response:
    response = service.failure(call, params)
    response.headers.update({str(name): str(value) for name, value in (params.get("headers") or {}).items()})
    return response


def _after_work(world: World, request: Request, connection: socket.socket, fault: Fault, done: Response) -> bool:
    """The faults that come when the deed is done and only the answer suffers."""
    params = fault.params
    if fault.kind == "timeout_after":
        world.faults.hang(float(params.get("seconds", HANG)))
    elif fault.kind == "truncated":
        body = done.body or b'{"cut": "off"}'
        head = Response(done.status, body, done.headers).head()
        connection.sendall(head + body[: len(body) // 2])
    elif fault.kind == "huge_body":
        _huge(connection, int(params.get("bytes", 50_000_000)))
    elif fault.kind == "slow_drip":
        _drip(world, connection, done, params)
    elif fault.kind == "not_json":
        page = b"<html><body><h1>Something went wrong</h1><p>Please try again later.</p></body></html>"
        kind = str(params.get("content_type", "text/html"))
        return _send(connection, Response(int(params.get("status", 200)), page, {"Content-Type": kind}), request)
    return False


def _huge(connection: socket.socket, size: int) -> None:
    head = Response(200, b"", {"Content-Type": "application/json", "Content-Length": str(size)}).head()
    connection.sendall(head + b'{"x":"')
    chunk, left = b"a" * 65536, size - 6
    while left > 0:
        connection.sendall(chunk[:left])
        left -= len(chunk)


def _drip(world: World, connection: socket.socket, done: Response, params: dict[str, Any]) -> None:
    """One byte an interval: of the body, or (`part: headers`) of everything."""
    head, interval = done.head(), float(params.get("interval", 1.0))
    rest = done.body
    if params.get("part") == "headers":
        head, rest = b"", head + done.body
    connection.sendall(head)
    for byte in rest:
        connection.sendall(bytes((byte,)))
        world.faults.hang(interval)
