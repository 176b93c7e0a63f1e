"""A handle is the first part of a public page's path, so none of our own paths may be one."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, get_resolver

from bookings.handles import RESERVED_HANDLES, validate_handle


def _paths(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
    found = []
    for entry in patterns:
        path = before + re.sub(r"\\Z|[\^$]", "", str(entry.pattern))
        found += _paths(entry.url_patterns, path) if isinstance(entry, URLResolver) else [path]
    return found


def _first_parts() -> set[str]:
    parts = {path.split("/")[0] for path in _paths(get_resolver().url_patterns)}
    return {part for part in parts if part and not part.startswith(("<", "("))}


def test_the_walk_over_all_urls_finds_paths_of_every_app() -> None:
    assert {"admin", "accounts", "apps", "settings", "bookings", "b", "healthz"} <= _first_parts()


def test_no_handle_can_shadow_one_of_our_own_paths() -> None:
    assert _first_parts() - RESERVED_HANDLES == set()


@pytest.mark.parametrize("handle", ["admin", "static", "Ada", "-ada", "ada-", "a/b", "", "ä", "a" * 41, "ada\n"])
def test_what_cannot_be_a_handle_is_refused(handle: str) -> None:
    with pytest.raises(ValidationError):
        validate_handle(handle)


@pytest.mark.parametrize("handle", ["ada", "a", "7", "ada-and-grace", "a" * 40])
def test_what_can_be_a_handle_is_taken(handle: str) -> None:
    validate_handle(handle)
