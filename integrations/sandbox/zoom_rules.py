"""What Zoom's meetings API checks before it does anything: token, scope, rate, and the meeting's fields.

Rules: Zoom's Meetings OpenAPI; https://developers.zoom.us/docs/api/rate-limits/ and .../errors/
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .http import Request, Response, json_response
from .oauth import bearer
from .personas import ZoomUser
from .state import Json, World
from .times import is_zone

CLASSIC = {
    "meeting:write:meeting": "meeting:write",
    "meeting:update:meeting": "meeting:write",
    "meeting:delete:meeting": "meeting:write",
    "meeting:read:meeting": "meeting:read",
    "meeting:read:list_meetings": "meeting:read",
    "user:read:user": "user:read",
}
LIMITS = {"topic": 200, "agenda": 2000, "password": 10}
TYPES = (1, 2, 3, 8)
START = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z?)")


def error(code: int, message: str, status: int = 400, **more: Any) -> Response:
    """Zoom's error body."""
    return json_response({"code": code, "message": message, **more}, status)


def admit(world: World, request: Request, scope: str, category: str) -> ZoomUser | Response:
    """The user a request acts for, or why it may not."""
    token, expired = bearer(world, request, "zoom")
    if token is None:
        return error(124, "Access token is expired." if expired else "Invalid access token.", 401)
    user = world.zoom_users.get(token.user)
    if user is None:
        return error(1001, "User does not exist.", 404)
    if limited := _per_second(world, user, category):
        return limited
    if scope not in token.scopes and CLASSIC[scope] not in token.scopes:
        return error(4711, f"Invalid access token, does not contain scopes:[{scope}].")
    return user


def _per_second(world: World, user: ZoomUser, category: str) -> Response | None:
    limit = getattr(world.settings, f"{category}_per_second")
    second = int(world.now().timestamp())
    key = (user.account_id, category, second)
    if world.seconds[key] >= limit:
        message = "You have reached the maximum per-second rate limit for this API. Try again later."
        answer = error(429, message, 429)
        answer.headers.update(rate_headers(category, "QPS", limit, 0))
        return answer
    world.seconds[key] += 1
    if len(world.seconds) > 1000:
        world.seconds = Counter({k: n for k, n in world.seconds.items() if k[2] >= second - 1})
    return None


def rate_headers(category: str, kind: str, limit: int, remaining: int) -> dict[str, str]:
    """The X-RateLimit headers."""
    return {
        "X-RateLimit-Category": category.capitalize(),
        "X-RateLimit-Type": kind,
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
    }


def spend_daily(world: World, user: ZoomUser) -> Response | None:
    """100 creates and updates a day for each host, counted by UTC day; Retry-After is a date-time here."""
    now, limit = world.now(), world.settings.daily_limit
    key = (user.id, now.date().isoformat())
    if world.daily[key] >= limit:
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        message = (
            f"You have reached the maximum per-day rate limit for this API. "
            f"You have exceeded the daily rate limit of ({limit}) for Meeting Create/Update API requests "
            f"permitted for this user. You may resume these requests at GMT 00:00:00."
        )
        answer = error(429, message, 429)
        answer.headers.update(rate_headers("medium", "Daily-limit", limit, 0))
        answer.headers["Retry-After"] = midnight.strftime("%Y-%m-%dT%H:%M:%SZ")
        return answer
    world.daily[key] += 1
    return None


def invalid(problems: list[tuple[str, str]]) -> Response:
    """Zoom's answer to fields that do not validate."""
    errors = [{"field": field, "message": message} for field, message in problems]
    return error(300, "Validation Failed.", errors=errors)


def body_or_error(request: Request) -> Json | Response:
    """The JSON object of a create or update, checked as Zoom checks it."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return error(300, "Unsupported Content Type", 415)
    body = request.json()
    if not isinstance(body, dict):
        return error(300, "Request Body should be a valid JSON object.")
    problems = list(_problems(body))
    return invalid(problems) if problems else body


def _problems(body: Json) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, limit in LIMITS.items():
        value = body.get(name, "")
        if not isinstance(value, str):
            found.append((name, "Invalid field."))
        elif len(value) > limit:
            found.append((name, f"The length of {name} must be at most {limit} characters."))
    for name in ("type", "duration"):
        if name in body and (isinstance(body[name], bool) or not isinstance(body[name], int)):
            found.append((name, "Invalid field."))
        elif name == "type" and body.get(name, 2) not in TYPES:
            found.append((name, "Invalid meeting type."))
        elif name == "duration" and body.get(name, 60) <= 0:
            found.append((name, "Invalid duration."))
    if "timezone" in body and not (isinstance(body["timezone"], str) and is_zone(body["timezone"])):
        found.append(("timezone", "Invalid timezone."))
    if "start_time" in body and not _is_start(body["start_time"]):
        found.append(("start_time", "The start time's format should be yyyy-MM-ddTHH:mm:ssZ."))
    if not isinstance(body.get("settings", {}), dict):
        found.append(("settings", "Invalid field."))
    return found


def _is_start(value: Any) -> bool:
    if not isinstance(value, str) or not START.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def start_in_utc(value: str, zone: str) -> str:
    """A start time as Zoom stores it: with Z it is UTC, without it is wall-clock time in the zone."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
