"""Reading our pages as a program may: forms, and the marks that contract.md names."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

NOT_SENT = {"submit", "button", "reset", "file", "image"}


@dataclass
class Form:
    """A form as it would be sent untouched: a whole URL, a method in lower case, fields of which one may come twice."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **values: str) -> list[tuple[str, str]]:
        """The fields to send, with ``values`` in place of what stood there."""
        return [(name, value) for name, value in self.fields if name not in values] + list(values.items())

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return any(name == known for known, _ in self.fields)


class Page(HTMLParser):
    """A page taken apart: its forms, its ``data-…`` marks by name, its text."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.marks: dict[str, list[str]] = {}
        self.texts: list[str] = []
        self._area = ""
        self._select = ""
        self._options: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """What the page says, spaces collapsed."""
        return " ".join(" ".join(self.texts).split())

    def mark(self, name: str) -> str:
        """The first value of ``data-<name>``, or nothing."""
        return next(iter(self.marks.get(name, [])), "")

    def form(self, field_name: str = "", *, action: str = "", method: str = "post") -> Form:
        """The first form with such a field and such an end of its path; raises LookupError."""
        for form in self.forms:
            there = urlsplit(form.action).path.endswith(action)
            if form.method == method and there and (not field_name or form.has(field_name)):
                return form
        raise LookupError(f"no form with {field_name or action or method} on {self.url}: {self.text[:300]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect forms, fields and marks."""
        at = {name: value or "" for name, value in attrs}
        for name, value in at.items():
            if name.startswith("data-"):
                self.marks.setdefault(name.removeprefix("data-"), []).append(value)
        if tag == "form":
            self.forms.append(Form(urljoin(self.url, at.get("action", "")), at.get("method", "get").lower()))
        elif self.forms and (name := at.get("name", "")):
            self._field(tag, name, at)
        elif tag == "option" and self._select:
            self._option(at)

    def _field(self, tag: str, name: str, at: dict[str, str]) -> None:
        kind = at.get("type", "text")
        ticked = kind not in ("checkbox", "radio") or "checked" in at
        if tag == "input" and kind not in NOT_SENT and ticked:
            self.forms[-1].fields.append((name, at.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "textarea":
            self._area = name
            self.forms[-1].fields.append((name, ""))
        elif tag == "select":
            self._select, self._options = name, []

    def _option(self, at: dict[str, str]) -> None:
        if "selected" in at:
            self._options.insert(0, at.get("value", ""))
        else:
            self._options.append(at.get("value", ""))

    def handle_data(self, data: str) -> None:
        """Collect text; inside a textarea it is the field's value."""
        if self._area:
            name, before = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, before + data)
        else:
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """A select sends its selected option, or else its first."""
        if tag == "textarea":
            self._area = ""
        elif tag == "select" and self._select:
            if self._options:
                self.forms[-1].fields.append((self._select, self._options[0]))
            self._select = ""
