"""What people read of a page, and which of it is English."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Words that no English sentence does without, and that German does not have.
ENGLISH = re.compile(
    r"\b(the|and|or|your|you|yours|with|without|is|are|this|that|these|of|to|for|from|have|has|be|been|by|it|its|no|"
    r"please|we|our|will|can|cannot|may|at|on|if|when|what|who|whose|where|which|sign|click|enter)\b",
    re.IGNORECASE,
)
# Addresses and time zones ("Europe/Isle of Man"), in which such words are no English.
NAMES = re.compile(r"\S+@\S+|https?://\S+|[A-Z]\w+/[\w /]+|/\S+")
READ_ALOUD = {"alt", "aria-label", "content", "data-copied", "label", "placeholder", "title"}
SILENT = {"script", "style", "code"}


class Reader(HTMLParser):
    """Collects what is shown or read aloud; what is marked as another language is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes that are read aloud; silence begins at a script, or at words of another language."""
        given = dict(attrs)
        foreign = tag != "html" and given.get("lang", "de") != "de"
        if self._silent or tag in SILENT or foreign:
            self._silent.append(tag)
            return
        if tag == "meta" and given.get("name") != "description":
            return
        self.said += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        """Silence ends with the tag that began it."""
        if self._silent and tag in self._silent:
            while self._silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._silent and data.strip():
            self.said.append(" ".join(data.split()))


def english_in(text: str) -> list[str]:
    """The passages of a page, or the lines of a plain text, that have English words in them."""
    reader = Reader()
    reader.feed(text)
    return [said for said in reader.said if ENGLISH.search(NAMES.sub("", said))]
