"""The texts that people read and their translations. ``python -m zinnect.tests.translations`` is `make messages`.

It reads the sources as Python and Django do, so that nothing has to be installed beside Python, and so that a text is
found wherever Python finds it: xgettext sees neither what stands in an f-string nor ``gettext_noop`` by another name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = tuple(sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")))
CODE = ("bookings", "calendars", "integrations", "zinnect")
LIBRARY = "allauth"
NOT_FOR_PEOPLE = {"tests", "migrations", "sandbox", "demo"}
# Which functions of django.utils.translation mark a text, and whether a plural follows it.
MARKS = {"gettext": False, "gettext_lazy": False, "gettext_noop": False, "ngettext": True, "ngettext_lazy": True}
_TEXT = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_MARKED = re.compile(rf"\b(?:n?gettext|_)\({_TEXT}(?:, {_TEXT})?", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """A text as the source has it; ``plural`` is empty where it has none."""

    singular: str
    plural: str = ""


def sources() -> Iterator[Path]:
    """The modules and templates that people read of, in an order that stays."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not NOT_FOR_PEOPLE & set(path.relative_to(ROOT).parts):
                yield path
    yield from sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))


@cache
def texts() -> dict[Text, Path]:
    """Every text that is marked for translation → the first file it stands in, in the order of the sources."""
    found: dict[Text, Path] = {}
    for path in sources():
        for text in (in_code if path.suffix == ".py" else in_template)(path.read_text()):
            found.setdefault(text, path.relative_to(ROOT))
    return found


def in_code(source: str) -> Iterator[Text]:
    """The texts of a Python module. Raises ValueError for one that is put together before it is looked up."""
    tree = ast.parse(source)
    names = dict(MARKS)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname: MARKS[alias.name] for alias in node.names if alias.asname and alias.name in MARKS}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        parts = call.args[: 2 if names[name] else 1] if name in names else []
        if any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in parts):
            raise ValueError(f"line {call.lineno}: look the text up first, fill it in afterwards")
        known = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if known:
            yield Text(*known)


def in_template(source: str) -> Iterator[Text]:
    """The texts of a template, as Django's own extraction reads it."""
    for marked in _MARKED.finditer(templatize(source)):
        yield Text(*(ast.literal_eval(part) for part in marked.groups() if part))


def text_of(entry: polib.POEntry) -> Text:
    """What an entry translates."""
    return Text(entry.msgid, entry.msgid_plural)


def is_librarys(entry: polib.POEntry) -> bool:
    """Whether the text is a library's, which has a translation of its own that would not fit beside ours."""
    return LIBRARY in {name for name, _line in entry.occurrences}


def up_to_date(catalogue: polib.POFile) -> polib.POFile:
    """The catalogue with all texts of the sources and no others; what is new has no translation yet."""
    wanted = texts()
    known = {text_of(entry): entry for entry in catalogue if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=0)
    fresh.metadata = catalogue.metadata
    for text, path in wanted.items():
        entry = known.get(text) or polib.POEntry(msgid=text.singular, msgid_plural=text.plural)
        if text.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(str(path), "")]
        entry.flags = ["python-format"] if "%(" in text.singular else []
        fresh.append(entry)
    fresh.extend(entry for text, entry in known.items() if is_librarys(entry) and text not in wanted)
    return fresh


def main() -> None:
    """Bring every catalogue up to date and compile it."""
    for path in CATALOGUES:
        catalogue = up_to_date(polib.pofile(str(path)))
        catalogue.save(str(path))
        catalogue.save_as_mofile(str(path.with_suffix(".mo")))
        missing = len(catalogue.untranslated_entries())
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} texts, {missing} without a translation")


if __name__ == "__main__":
    main()
