"""Time zones as people type and read them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

# What the tz database calls areas (https://data.iana.org/time-zones/theory.html, "Timezone identifiers"). Left out are
# old and technical names ("US/Eastern", "Etc/GMT+3", "Cuba"): they are understood, but not listed.
AREAS = frozenset("Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split())


@cache
def listed_zones() -> tuple[str, ...]:
    """The names to choose from: every area's places, and UTC."""
    return (*sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS), "UTC")


@cache
def zone_options() -> SafeString:
    """The names as options of a list: 420 of them, always the same, so they are not written anew for each page."""
    return format_html_join("", "<option>{}</option>", ((name,) for name in listed_zones()))


@cache
def _known_zones() -> dict[str, str]:
    """Lower-case name → name, and lower-case place → name where only one listed zone has it."""
    places: dict[str, list[str]] = {}
    for name in listed_zones():
        places.setdefault(name.rpartition("/")[2].lower(), []).append(name)
    known = {place: names[0] for place, names in places.items() if len(names) == 1}
    return known | {name.lower(): name for name in available_timezones() if name != "Factory"}


def find_zone(text: str) -> ZoneInfo | None:
    """The zone that was meant by a name ("Europe/Berlin") or a place alone ("new york"); None where none was."""
    name = _known_zones().get("_".join(text.split()).lower())
    return ZoneInfo(name) if name else None


def offset_words(moment: datetime) -> str:
    """How far an aware datetime's clock is from UTC: "UTC+1", "UTC−3:30", "UTC"."""
    offset = moment.utcoffset() or timedelta()
    minutes = round(abs(offset).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours = f"{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")
    return f"UTC{'+' if offset > timedelta() else '−'}{hours}"


def zone_words(zone: ZoneInfo, at: datetime) -> str:
    """A zone with its offset at a moment: "Europe/Berlin (UTC+1)"."""
    name, offset = zone.key.replace("_", " "), offset_words(at.astimezone(zone))
    return name if name == offset else f"{name} ({offset})"


def is_ambiguous(local: datetime) -> bool:
    """Whether the clock shows this local time twice, because it is put back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def which_of_two(local: datetime) -> str:
    """What tells a repeated local time from its double: the zone's abbreviation, or the offset where it has none."""
    abbreviation = local.tzname() or ""
    return abbreviation if abbreviation.isalpha() else offset_words(local)
