"""What people and vendors do on their own: `POST /act {"do": …}`."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from . import events, webhooks
from .google_rules import PREFIX
from .ledger import announce
from .personas import Calendar, GoogleUser, ZoomUser
from .state import Event, Json, World
from .zoom_api import remove_meeting

Act = Callable[[World, Json], Json]


def _zoom_user(world: World, act: Json) -> ZoomUser:
    wanted = act.get("user") or act.get("persona") or world.settings.zoom_persona
    for user in world.zoom_users.values():
        if wanted in (user.key, user.id, user.email):
            return user
    raise ValueError(f"no Zoom user {wanted}")


def _google_user(world: World, act: Json) -> GoogleUser:
    wanted = act.get("user") or act.get("persona") or world.settings.google_persona
    for user in world.google_users.values():
        if wanted in (user.key, user.sub, user.email):
            return user
    raise ValueError(f"no Google user {wanted}")


def _calendar(world: World, act: Json) -> Calendar:
    user, wanted = _google_user(world, act), act.get("calendar", "primary")
    for calendar in world.calendars:
        if calendar.owner == user.email and wanted in (calendar.id, calendar.summary):
            return calendar
    calendar_or_none = world.calendar(str(wanted), user.email)
    if calendar_or_none is None:
        raise ValueError(f"no calendar {wanted}")
    return calendar_or_none


def _owner(world: World, act: Json) -> tuple[str, str]:
    service = str(act.get("service", ""))
    if service not in ("zoom", "google"):
        raise ValueError("service has to be zoom or google")
    return service, _zoom_user(world, act).id if service == "zoom" else _google_user(world, act).email


def expire_tokens(world: World, act: Json) -> Json:
    """All access tokens of one user (or, without `user`, of everybody) at a service expire now."""
    service, user = _owner(world, act)
    past, count = world.now() - timedelta(seconds=1), 0
    for token in world.tokens.values():
        everybody = "user" not in act and "persona" not in act
        if token.service == service and token.kind == "access" and (everybody or token.user == user):
            token.expires, count = past, count + 1
    return {"expired": count}


def revoke_grant(world: World, act: Json) -> Json:
    """The user takes the app's access away at the vendor; Zoom tells the product, unless `webhook` is false."""
    service, user = _owner(world, act)
    count = world.end_tokens(service, user, "revoked")
    if service == "zoom" and act.get("webhook", True):
        webhooks.app_deauthorized(world, world.zoom_users[user])
    return {"revoked": count}


def delete_meeting(world: World, act: Json) -> Json:
    """The host deletes a meeting in Zoom; `webhook: true` sends meeting.deleted."""
    meeting = world.meetings[int(act["id"])]
    remove_meeting(world, meeting, "deleted by host")
    if act.get("webhook"):
        data = {name: meeting.data[name] for name in ("id", "host_id", "topic", "type", "start_time", "duration")}
        user = world.zoom_users[meeting.host]
        payload = {"account_id": user.account_id, "operator": user.email, "object": data}
        webhooks.deliver_soon(world, "meeting.deleted", payload)
    return {"id": meeting.data["id"]}


def start_meeting(world: World, act: Json) -> Json:
    """The host starts a meeting: its status becomes started, so `type=live` lists it."""
    world.meetings[int(act["id"])].data["status"] = str(act.get("status", "started"))
    return {"id": int(act["id"])}


def _event(world: World, act: Json) -> tuple[Calendar, Event]:
    for (calendar_id, event_id), event in world.events.items():
        if event_id == act["id"] and ("calendar" not in act or _calendar(world, act).id == calendar_id):
            return next(calendar for calendar in world.calendars if calendar.id == calendar_id), event
    raise ValueError(f"no event {act['id']}")


def change_event(world: World, act: Json) -> Json:
    """The organizer edits an event in Google Calendar: `changes` is merged like a patch."""
    calendar, event = _event(world, act)
    before, changes = copy.deepcopy(event.data), dict(act.get("changes", {}))
    data = events.merge(event.data, changes)
    if wrong := events.check(data, calendar):
        raise ValueError(wrong.body.decode())
    events.normalize(data, calendar)
    event.data = data
    events.touch(world, event, before)
    events.note(world, event, "changed by organizer", changes)
    announce(world, calendar, before, event.data, str(act.get("sendUpdates", "none")))
    return {"id": event.data["id"], "etag": event.data["etag"]}


def delete_event(world: World, act: Json) -> Json:
    """The organizer deletes an event in Google Calendar."""
    return change_event(world, {**act, "changes": {"status": "cancelled"}})


def add_busy(world: World, act: Json) -> Json:
    """An appointment of the organizer's own: `start`, `end` (date-times, or dates with `all_day`)."""
    calendar = _calendar(world, act)
    event_id = str(act.get("id") or secrets.token_hex(13))
    kind = "date" if act.get("all_day") else "dateTime"
    data = events.fresh(world, calendar, event_id)
    data |= {"summary": act.get("summary", "Busy"), "start": {kind: act["start"]}, "end": {kind: act["end"]}}
    if act.get("transparent"):
        data["transparency"] = "transparent"
    if act.get("declined"):
        data["attendees"] = [{"email": calendar.owner, "responseStatus": "declined"}]
    if wrong := events.check(data, calendar):
        raise ValueError(wrong.body.decode())
    events.normalize(data, calendar)
    event = Event(calendar.id, data)
    events.touch(world, event, None)
    events.note(world, event, "made by organizer")
    world.events[calendar.id, event_id] = event
    return {"id": event_id, "calendar": calendar.id}


def _full(service: str, scope: str) -> str:
    return PREFIX + scope if service == "google" and scope.partition(".")[0] == "calendar" else scope


def set_scopes(world: World, act: Json) -> Json:
    """What the next consent grants, whatever is asked for; null is all. `now: true` changes live tokens, too."""
    service, user = _owner(world, act)
    scopes = None if act.get("scopes") is None else [_full(service, str(scope)) for scope in act["scopes"]]
    world.set(f"{service}_scopes", scopes)
    if act.get("now") and scopes is not None:
        for token in world.tokens.values():
            if token.service == service and token.user == user:
                token.scopes = list(scopes)
    return {"scopes": scopes}


def set_access(world: World, act: Json) -> Json:
    """A calendar's owner shares it with more or fewer rights: `role` is owner, writer, reader or freeBusyReader."""
    calendar = _calendar(world, act)
    calendar.access_role = str(act["role"])
    return {"calendar": calendar.id, "role": calendar.access_role}


def remove_calendar(world: World, act: Json) -> Json:
    """A calendar is deleted, or no longer shared with the user; its events go with it."""
    calendar = _calendar(world, act)
    world.calendars.remove(calendar)
    world.events = {key: event for key, event in world.events.items() if key[0] != calendar.id}
    return {"calendar": calendar.id}


def set_allowed_conference(world: World, act: Json) -> Json:
    """Which conference types a calendar allows; `types: []` is none."""
    calendar = _calendar(world, act)
    calendar.allowed = [str(kind) for kind in act.get("types", [])]
    return {"calendar": calendar.id, "types": calendar.allowed}


def meet_by_default(world: World, act: Json) -> Json:
    """The calendar adds Meet of its own accord, for the next `times` writes that leave an event without one."""
    calendar, times = _calendar(world, act), act.get("times")
    calendar.meet_by_default = -1 if times is None else int(times)
    return {"calendar": calendar.id, "times": times}


def send_webhook(world: World, act: Json) -> Json:
    """Send the product a signed event and say what it answered."""
    event, payload = str(act["event"]), act.get("payload")
    if payload is None and event == "app_deauthorized":
        with world.lock:
            payload = webhooks.deauthorization(world, _zoom_user(world, act)) | dict(act.get("fields", {}))
    return webhooks.deliver(world, event, payload or {}, act)


def set_product(world: World, act: Json) -> Json:
    """Where webhooks go."""
    world.config.product_webhook_url = str(act.get("webhook_url", ""))
    return {"webhook_url": world.config.product_webhook_url}


def set_setting(world: World, act: Json) -> Json:
    """Any field of `Settings`: {"do": "set", "name": …, "value": …}."""
    world.set(str(act["name"]), act.get("value"))
    return {act["name"]: act.get("value")}


def stop_service(world: World, act: Json) -> Json:
    """A port refuses connections for so many seconds."""
    world.stoppers[str(act["service"])](float(act.get("seconds", 5)))
    return {"service": act["service"]}


def _setter(name: str, *keys: str) -> Act:
    def act_on(world: World, act: Json) -> Json:
        value: Any = next((act[key] for key in keys if key in act), None)
        if value is None:
            raise ValueError(f"one of {', '.join(keys)} is needed")
        world.set(name, type(getattr(world.settings, name))(value))
        return {name: getattr(world.settings, name)}

    return act_on


ACTS: dict[str, Act] = {
    "expire_tokens": expire_tokens,
    "revoke_grant": revoke_grant,
    "delete_meeting": delete_meeting,
    "start_meeting": start_meeting,
    "delete_event": delete_event,
    "change_event": change_event,
    "add_busy": add_busy,
    "set_scopes": set_scopes,
    "set_access": set_access,
    "remove_calendar": remove_calendar,
    "set_allowed_conference": set_allowed_conference,
    "meet_pending_seconds": _setter("meet_pending_seconds", "seconds", "value"),
    "meet_outcome": _setter("meet_outcome", "outcome", "value"),
    "meet_by_default": meet_by_default,
    "list_lag": _setter("list_lag", "seconds", "value"),
    "daily_limit": _setter("daily_limit", "limit", "value"),
    "set_product": set_product,
    "stop_service": stop_service,
    "set": set_setting,
}
