"""The control port: look at everything, plan faults, play the vendors' and people's own part."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable

from . import acts, mailbox
from .google_events import settled
from .http import Handler, Request, Response, Route, Service, json_response
from .state import Json, World


def zoom_meetings(world: World) -> list[Json]:
    """All meetings, deleted ones too; never a start_url."""
    return [
        {
            **{name: value for name, value in meeting.data.items() if name != "start_url"},
            "state": meeting.state,
            "history": meeting.history,
        }
        for meeting in world.meetings.values()
    ]


def google_events(world: World) -> list[Json]:
    """All events, cancelled ones too, with every version and what was written for it."""
    return [
        {**settled(world, event).data, "calendar": event.calendar, "history": event.history}
        for event in world.events.values()
    ]


def tokens(world: World) -> Json:
    """Counts and ids; no token's text."""
    counts = Counter(f"{token.service}.{token.kind}.{token.state}" for token in world.tokens.values())
    listed = [
        {"id": token.id, "state": token.state, "user": token.user, "scopes": token.scopes}
        for token in world.tokens.values()
    ]
    return {"counts": dict(counts), "ids": listed}


def state(world: World) -> Json:
    """Everything at once."""
    return {
        "zoom": {"meetings": zoom_meetings(world)},
        "google": {"events": google_events(world), "ledger": world.ledger, "calendars": _calendars(world)},
        "mails": world.mails,
        "counters": dict(world.counters),
        "reused_refresh_tokens": world.reused_refresh_tokens,
        "reused_codes": world.reused_codes,
        "tokens": tokens(world),
        "webhooks": world.webhooks,
        "faults": world.faults.listing(),
        "settings": world.settings_json(),
        "product_webhook_url": world.config.product_webhook_url,
    }


def _calendars(world: World) -> list[Json]:
    return [dict(vars(calendar)) for calendar in world.calendars]


def _locked(read: Callable[[World], object]) -> Handler:
    def handle(world: World, request: Request) -> Response:
        with world.lock:
            found = copy.deepcopy(read(world))
        return json_response(found)

    return handle


def _object(request: Request) -> Json:
    body = request.json() if request.body else {}
    if not isinstance(body, dict):
        raise ValueError("a JSON object is needed")
    return body


def _careful(handle: Handler) -> Handler:
    """A mistake in a control request answers 400 and says what it was."""

    def safely(world: World, request: Request) -> Response:
        try:
            return handle(world, request)
        except (ValueError, KeyError, TypeError) as problem:
            return json_response({"error": f"{type(problem).__name__}: {problem}"}, 400)

    return safely


def reset(world: World, request: Request) -> Response:
    """Start anew; {"keep_grants": true} leaves tokens valid."""
    world.reset(keep_grants=bool(_object(request).get("keep_grants")))
    return json_response({"ok": True})


def add_faults(world: World, request: Request) -> Response:
    """Plan one fault (an object) or several (a list)."""
    body = request.json()
    wanted = body if isinstance(body, list) else [body]
    if not all(isinstance(item, dict) for item in wanted):
        raise ValueError("a fault or a list of faults is needed")
    return json_response({"ids": [world.faults.add(item).id for item in wanted]})


def clear_faults(world: World, request: Request) -> Response:
    """Forget all faults and let hanging calls go."""
    world.faults.clear()
    return json_response({"ok": True})


def latency(world: World, request: Request) -> Response:
    """{"zoom": ms, "google": ms}: added to every call."""
    for service, value in _object(request).items():
        world.set(f"{service}_latency_ms", float(value))
    return json_response({"ok": True})


def act(world: World, request: Request) -> Response:
    """Do one of `acts.ACTS`. Sending a webhook waits for the product, so it is not under the lock."""
    body = _object(request)
    name = str(body.get("do", ""))
    if name == "send_webhook":
        return json_response(acts.send_webhook(world, body))
    if name not in acts.ACTS:
        raise ValueError(f"unknown act {name!r}: one of {', '.join(sorted([*acts.ACTS, 'send_webhook']))}")
    with world.lock:
        return json_response(acts.ACTS[name](world, body))


def persona(world: World, request: Request) -> Response:
    """Who is signed in by default on the consent pages: {"zoom": key, "google": key}."""
    keys = {
        "zoom": {user.key for user in world.zoom_users.values()},
        "google": {user.key for user in world.google_users.values()},
    }
    for service, key in _object(request).items():
        if key not in keys[service]:
            raise ValueError(f"no persona {key!r} at {service}: one of {', '.join(sorted(keys[service]))}")
        world.set(f"{service}_persona", key)
    return json_response({"ok": True})


def leaks(world: World, request: Request) -> Response:
    """Which secrets ever issued occur in the posted text (names only), for tests of logs and databases."""
    with world.lock:
        return json_response({"found": world.leaks(request.body.decode("utf-8", "replace"))})


def _not_found(request: Request) -> Response:
    return json_response({"error": f"no such call: {request.method} {request.path}"}, 404)


def _failure(call: str, params: Json) -> Response:
    return json_response({"error": "failure"}, 500)


SERVICE = Service(
    "control",
    (
        Route("GET", "/health", "health", lambda world, request: json_response({"ok": True})),
        Route("GET", "/state", "state", _locked(state)),
        Route("GET", "/zoom/meetings", "zoom.meetings", _locked(zoom_meetings)),
        Route("GET", "/google/events", "google.events", _locked(google_events)),
        Route("GET", "/google/ledger", "google.ledger", _locked(lambda world: world.ledger)),
        Route("GET", "/mails", "mails", _locked(lambda world: world.mails)),
        Route("GET", "/calls", "calls", _locked(lambda world: world.calls)),
        Route("GET", "/webhooks", "webhooks", _locked(lambda world: world.webhooks)),
        Route("GET", "/faults", "faults", _locked(lambda world: world.faults.listing())),
        Route("GET", "/mailbox/", "mailbox", mailbox.index),
        Route("GET", "/mailbox/{id}", "mailbox.show", mailbox.show),
        Route("GET", "/mailbox/{id}/html", "mailbox.html", mailbox.show_html),
        Route("POST", "/reset", "reset", _careful(reset)),
        Route("POST", "/faults", "faults.add", _careful(add_faults)),
        Route("DELETE", "/faults", "faults.clear", clear_faults),
        Route("POST", "/latency", "latency", _careful(latency)),
        Route("POST", "/act", "act", _careful(act)),
        Route("POST", "/consent-persona", "persona", _careful(persona)),
        Route("POST", "/leaks", "leaks", leaks),
    ),
    _not_found,
    _failure,
    guarded=False,
)
