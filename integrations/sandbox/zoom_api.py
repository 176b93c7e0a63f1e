"""Zoom's REST API as far as a scheduler needs it: the user's own account and meetings.

Rules: Zoom's Meetings OpenAPI (`meetingCreate`, `meetings`, `meeting`, `meetingUpdate`, `meetingDelete`).
"""

from __future__ import annotations

import copy
import secrets
from datetime import datetime, timedelta

from .http import Request, Response, Route, Service, json_response
from .personas import ZoomUser
from .state import Json, Meeting, World, random_text
from .zoom_oauth import ROUTES as OAUTH_ROUTES
from .zoom_rules import admit, body_or_error, error, invalid, spend_daily, start_in_utc

ZAK_MARK = "SANDBOXZAK"
"""Every start_url carries this: whoever stores or shows a start_url shows the mark."""
AGENDA_IN_LISTS = 250
LISTED = ("uuid", "id", "host_id", "topic", "type", "start_time", "duration", "timezone", "created_at", "join_url")


def me(world: World, request: Request) -> Response:
    """Who the token belongs to."""
    user = admit(world, request, "user:read:user", "light")
    if isinstance(user, Response):
        return user
    if (wrong := _other_user(request, user)) is not None:
        return wrong
    first, _, last = user.display_name.partition(" ")
    return json_response(
        {
            "id": user.id,
            "account_id": user.account_id,
            "email": user.email,
            "display_name": user.display_name,
            "first_name": first,
            "last_name": last,
            "type": user.type,
            "timezone": user.timezone,
            "status": "active",
        }
    )


def _other_user(request: Request, user: ZoomUser) -> Response | None:
    asked = request.params.get("user", "me")
    if asked in ("me", user.id, user.email):
        return None
    return error(1001, f"User does not exist: {asked}.", 404)


def create(world: World, request: Request) -> Response:
    """Make a meeting. There is no idempotency key: the same request twice makes two meetings."""
    user = admit(world, request, "meeting:write:meeting", "medium")
    if isinstance(user, Response):
        return user
    if (wrong := _other_user(request, user)) is not None:
        return wrong
    body = body_or_error(request)
    if isinstance(body, Response):
        return body
    if limited := spend_daily(world, user):
        return limited
    meeting = _new_meeting(world, user, body)
    world.meetings[meeting.data["id"]] = meeting
    _note(world, meeting, "create", body)
    answer = copy.deepcopy(meeting.data)
    every = world.settings.zoom_omit_uuid_every
    if every and len(world.meetings) % every == 0:
        del answer["uuid"]
    return json_response(answer, 201)


def _new_meeting(world: World, user: ZoomUser, body: Json) -> Meeting:
    now, zone = world.now(), str(body.get("timezone", user.timezone))
    number = _free_number(world)
    password = str(body.get("password") or random_text(6).replace("-", "a").replace("_", "b"))
    zak = f"{ZAK_MARK}.{random_text(120)}"
    world.remember_secret(f"zoom-start-url-{number}", zak)
    data: Json = {
        "uuid": f"{secrets.token_urlsafe(16)}==",
        "id": number,
        "host_id": user.id,
        "host_email": user.email,
        "topic": body.get("topic", "Zoom Meeting"),
        "type": body.get("type", 2),
        "status": "waiting",
        "start_time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration": body.get("duration", 60),
        "timezone": zone,
        "agenda": body.get("agenda", ""),
        "created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "start_url": f"https://us05web.zoom.us/s/{number}?zak={zak}",
        "join_url": f"https://us05web.zoom.us/j/{number}?pwd={random_text(32)}.1",
        "password": password,
        "settings": _settings({"join_before_host": False, "waiting_room": False}, body.get("settings", {})),
        "pre_schedule": False,
    }
    if "start_time" in body:
        data["start_time"] = start_in_utc(body["start_time"], zone)
    elif data["type"] == 2:
        data["type"] = 1
    lag = timedelta(seconds=world.settings.list_lag)
    return Meeting(data, user.id, now, now + lag)


def _free_number(world: World) -> int:
    while (number := 80_000_000_000 + secrets.randbelow(10_000_000_000)) in world.meetings:
        continue
    return number


def _settings(old: Json, new: Json) -> Json:
    merged = {**old, **new}
    if merged.get("waiting_room"):
        merged["join_before_host"] = False
    return merged


def _note(world: World, meeting: Meeting, verb: str, written: Json | None) -> None:
    """Add a version to the meeting's history, without the start_url."""
    data = {name: value for name, value in copy.deepcopy(meeting.data).items() if name != "start_url"}
    meeting.history.append({"at": world.stamp(), "verb": verb, "written": copy.deepcopy(written), "data": data})


def _find(world: World, request: Request, user: ZoomUser) -> Meeting | Response:
    """A live meeting of the user's own; another user's is as good as none."""
    text = request.params["id"]
    if not text.isdecimal():
        return invalid([("meetingId", "Invalid meeting id.")])
    meeting = world.meetings.get(int(text))
    if meeting is None or meeting.host != user.id or meeting.state != "live":
        return error(3001, f"Meeting does not exist: {text}.", 404)
    return meeting


def _own(world: World, request: Request, scope: str) -> tuple[ZoomUser, Meeting] | Response:
    user = admit(world, request, scope, "light")
    if isinstance(user, Response):
        return user
    meeting = _find(world, request, user)
    return meeting if isinstance(meeting, Response) else (user, meeting)


def get(world: World, request: Request) -> Response:
    """Read one meeting."""
    own = _own(world, request, "meeting:read:meeting")
    return own if isinstance(own, Response) else json_response(own[1].data)


def update(world: World, request: Request) -> Response:
    """Change a meeting: fields left out stay, settings are merged. The id and join URL stay."""
    own = _own(world, request, "meeting:update:meeting")
    if isinstance(own, Response):
        return own
    user, meeting = own
    body = body_or_error(request)
    if isinstance(body, Response):
        return body
    if limited := spend_daily(world, user):
        return limited
    data = meeting.data
    for name in ("topic", "agenda", "duration", "timezone", "password", "type"):
        if name in body:
            data[name] = body[name]
    if "start_time" in body:
        data["start_time"] = start_in_utc(body["start_time"], data["timezone"])
    data["settings"] = _settings(data["settings"], body.get("settings", {}))
    _note(world, meeting, "update", body)
    return Response(204)


def delete(world: World, request: Request) -> Response:
    """Delete a meeting."""
    own = _own(world, request, "meeting:delete:meeting")
    if isinstance(own, Response):
        return own
    remove_meeting(world, own[1], "delete")
    return Response(204)


def remove_meeting(world: World, meeting: Meeting, verb: str) -> None:
    """Mark a meeting deleted, by the app or by its host."""
    meeting.state = "deleted"
    _note(world, meeting, verb, None)


def listing(world: World, request: Request) -> Response:
    """The host's meetings, a page at a time; agendas are cut, and new meetings appear a little late."""
    user = admit(world, request, "meeting:read:list_meetings", "medium")
    if isinstance(user, Response):
        return user
    if (wrong := _other_user(request, user)) is not None:
        return wrong
    kind, now = request.arg("type", "scheduled"), world.now()
    if kind not in ("scheduled", "upcoming", "live", "upcoming_meetings", "previous_meetings"):
        return invalid([("type", "Invalid type.")])
    size = request.arg("page_size", "30")
    if not size.isdecimal() or not 1 <= int(size) <= 300:
        return invalid([("page_size", "Page size must be between 1 and 300.")])
    mine = [item for item in world.meetings.values() if item.host == user.id and _shown(item, kind, now)]
    mine.sort(key=lambda item: (item.data["start_time"], item.data["id"]))
    start = 0
    if page_token := request.arg("next_page_token"):
        known = world.pages.get(page_token)
        if known is None or known[0] != f"{user.id}:{kind}":
            return error(300, "The next page token is invalid or expired.")
        start = known[1]
    page, following = mine[start : start + int(size)], ""
    if len(mine) > start + int(size):
        following = random_text(32)
        world.pages[following] = (f"{user.id}:{kind}", start + int(size))
    entries = [_entry(item) for item in page]
    return json_response(
        {"page_size": int(size), "total_records": len(mine), "next_page_token": following, "meetings": entries}
    )


def _shown(meeting: Meeting, kind: str, now: datetime) -> bool:
    if meeting.state != "live" or meeting.listed_from > now or meeting.data["type"] == 1:
        return False
    start = datetime.fromisoformat(meeting.data["start_time"])
    if kind == "live":
        return bool(meeting.data["status"] == "started")
    if kind in ("upcoming", "upcoming_meetings"):
        return start > now
    return kind == "scheduled" or start + timedelta(minutes=meeting.data["duration"]) < now


def _entry(meeting: Meeting) -> Json:
    entry = {name: meeting.data[name] for name in LISTED}
    if meeting.data["agenda"]:
        entry["agenda"] = meeting.data["agenda"][:AGENDA_IN_LISTS]
    return entry


def _not_found(request: Request) -> Response:
    return error(404, f"No such call: {request.method} {request.path}", 404)


def _failure(call: str, params: Json) -> Response:
    """The body of a planned failure, in the shape of the call it hits."""
    status = int(params.get("status", 500))
    if params.get("expired"):
        return error(124, "Access token is expired.", 401)
    if "body" in params:
        return json_response(params["body"], status)
    if call.startswith("token") or call == "revoke":
        reason, name = params.get("reason", "Internal Error"), params.get("error", "server_error")
        return json_response({"reason": reason, "error": name}, status)
    return error(int(params.get("code", status)), str(params.get("message", "Planned failure.")), status)


SERVICE = Service(
    "zoom",
    (
        *OAUTH_ROUTES,
        Route("GET", "/v2/users/{user}", "users.me", me),
        Route("POST", "/v2/users/{user}/meetings", "meetings.create", create),
        Route("GET", "/v2/users/{user}/meetings", "meetings.list", listing),
        Route("GET", "/v2/meetings/{id}", "meetings.get", get),
        Route("PATCH", "/v2/meetings/{id}", "meetings.patch", update),
        Route("DELETE", "/v2/meetings/{id}", "meetings.delete", delete),
    ),
    _not_found,
    _failure,
)
