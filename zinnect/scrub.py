"""Taking out of a text what no log and no error report may hold: secrets, people's addresses, Zoom ids, join links.

A net behind the rule, not the rule itself: nothing of this kind is logged on purpose (docs/security.md).
"""

from __future__ import annotations

import re

GONE = "[…]"

_KEYS = "access_token|refresh_token|id_token|token|client_secret|code|state|code_verifier|password|pwd|zak|tk|secret"
_NEXT_TRACEBACK = r"\n\n(?:The above exception was the direct cause|During handling of the above exception)"
_PATTERNS = (
    # What PostgreSQL quotes of a row that it refuses, up to the next of a chain of tracebacks, which says where it was.
    (re.compile(rf"(DETAIL:\s*).*?(?={_NEXT_TRACEBACK}|\Z)", re.DOTALL), rf"\1{GONE}"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+"), rf"\1 {GONE}"),
    (re.compile(rf"""(["']?\b(?:{_KEYS})\b["']?\s*[=:]\s*["']?)[^\s"'&,;)}}]+""", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{GONE}@"),
    # Join links: Zoom's (/j/, /s/, /w/, /my/), Meet's.
    (re.compile(r"https?://[^\s\"'<>]*/(?:j|s|w|my)/[^\s\"'<>]+"), GONE),
    (re.compile(r"https?://meet\.google\.com/[^\s\"'<>]+"), GONE),
    # The invitee's own link is all the right there is.
    (re.compile(r"(/b/)[\w-]{16,}"), rf"\1{GONE}"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), GONE),
    # A Zoom meeting's number, and the ids of accounts as we write them.
    (re.compile(r"(?<![\w.-])\d{9,12}(?![\w.-])"), GONE),
    (re.compile(r"\bzoom:[\w-]{6,}"), f"zoom:{GONE}"),
)


def scrub(text: str) -> str:
    """``text`` without any of it."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
