"""What a link fills in beforehand: ``?name=Ida&email=ida@example.org&q-company=Acme``, on every step to the form."""

from __future__ import annotations

import re

from django.http import HttpRequest

from bookings.questions import KEY_LENGTH, MOST_QUESTIONS

LONGEST = {"name": 100, "email": 254}
LONGEST_ANSWER = 500
# Every time that a page offers carries all of it in its address.
LONGEST_TOGETHER = 1500
_ANSWER = re.compile(rf"q-[A-Za-z0-9_-]{{1,{KEY_LENGTH}}}")


def read(request: HttpRequest) -> dict[str, str]:
    """Field → text. What is too long for its field is left out: half a text would be wrong without looking wrong.

    Which questions there are is not asked here; the form takes what it has fields for.
    """
    found: dict[str, str] = {}
    room = LONGEST_TOGETHER
    for name in [*LONGEST, *_answers(request)]:
        text = request.GET.get(name, "").strip()
        if text and len(text) <= min(room, LONGEST.get(name, LONGEST_ANSWER)) and "\x00" not in text:
            found[name] = text
            room -= len(text)
    return found


def _answers(request: HttpRequest) -> list[str]:
    return [name for name in request.GET if _ANSWER.fullmatch(name)][:MOST_QUESTIONS]
