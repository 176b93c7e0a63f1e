"""Every text has a translation that can stand in its place. `make messages` brings the catalogues up to date."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import allauth
import polib
import pytest
from django.conf import settings

from zinnect.formats.de import formats as german
from zinnect.formats.en import formats as english
from zinnect.tests.translations import (
    CATALOGUES,
    ROOT,
    Text,
    in_code,
    in_template,
    is_librarys,
    sources,
    text_of,
    texts,
    up_to_date,
)

pytestmark = pytest.mark.slow

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[ds]")
TAG = re.compile(r"<[^>]+>")
OF_OURS = re.compile(r"(templates/)?(account|mfa)/")
DU = re.compile(r"\b(du|dein\w*|dir|dich)\b|\bbitte (wähle|bestätige|gib)\b", re.IGNORECASE)


@cache
def catalogue(path: Path) -> polib.POFile:
    """The texts of a file and their translations."""
    return polib.pofile(str(path))


every_catalogue = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """A text and its translation; of one with a plural each number's."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid_plural if number else entry.msgid, words) for number, words in entry.msgstr_plural.items()]


def test_each_language_but_english_has_a_catalogue() -> None:
    assert {path.parts[-3] for path in CATALOGUES} == {code for code, _name in settings.LANGUAGES} - {"en"}


@every_catalogue
def test_the_catalogue_has_the_texts_of_the_sources_and_no_others(path: Path) -> None:
    own = [text_of(entry) for entry in catalogue(path) if not is_librarys(entry)]
    assert set(own) == set(texts())
    assert len(own) == len(set(own))


@every_catalogue
def test_every_text_is_translated(path: Path) -> None:
    assert [entry.msgid for entry in catalogue(path) if not entry.translated()] == []


@every_catalogue
def test_translations_keep_placeholders_and_markup(path: Path) -> None:
    every = [pair for entry in catalogue(path) for pair in pairs(entry)]
    assert [pair for pair in every if len({frozenset(PLACEHOLDER.findall(text)) for text in pair}) > 1] == []
    assert [pair for pair in every if Counter(TAG.findall(pair[0])) != Counter(TAG.findall(pair[1]))] == []


@every_catalogue
def test_the_compiled_catalogue_is_what_the_text_gives(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == catalogue(path).to_binary()


def test_german_says_sie_where_the_library_says_du() -> None:
    librarys = catalogue(Path(allauth.__file__).parent / "locale/de/LC_MESSAGES/django.po")
    shown = [entry for entry in librarys if any(OF_OURS.match(name) for name, _line in entry.occurrences)]
    familiar = {text_of(entry) for entry in shown if DU.search(" ".join(words for _text, words in pairs(entry)))}
    german = catalogue(ROOT / "locale/de/LC_MESSAGES/django.po")
    assert familiar <= {text_of(entry) for entry in german}
    assert {text_of(entry) for entry in german if is_librarys(entry)} <= {text_of(entry) for entry in librarys}
    assert [words for entry in german for _text, words in pairs(entry) if DU.search(words)] == []


# --- How texts are found ----------------------------------------------------------------------------------------------


def test_texts_are_found_by_whatever_name_the_function_goes() -> None:
    source = "from django.utils.translation import gettext_noop as _noop, ngettext\n"
    source += 'WORDS = {"a": _noop("One" " text")}\nngettext("%(n)d day", "%(n)d days", 2)\ngettext(of_a_row.text)\n'
    assert list(in_code(source)) == [Text("One text"), Text("%(n)d day", "%(n)d days")]


@pytest.mark.parametrize("call", ['_(f"Hello {name}")', '_("Hello " + name)', '_("Hello %s" % name)'])
def test_a_text_that_is_put_together_before_it_is_looked_up_is_an_error(call: str) -> None:
    with pytest.raises(ValueError, match="look the text up first"):
        list(in_code(f"from django.utils.translation import gettext as _\n{call}\n"))


def test_texts_of_templates_are_found_as_django_names_them() -> None:
    source = (
        """{% translate "Don’t" as no %}{{ _("Yes")|lower }}{# {% translate "Not this" %} #}"""
        """{% blocktranslate with name=a.name count n=rows %}{{ name }}: {{ n }} row"""
        """{% plural %}{{ name }}: {{ n }} rows{% endblocktranslate %}"""
        """{% include "x.html" with label=_("It's") %}{% translate provider.words %}"""
    )
    assert list(in_template(source)) == [
        Text("Don’t"),
        Text("Yes"),
        Text("%(name)s: %(n)s row", "%(name)s: %(n)s rows"),
        Text("It's"),
    ]


def test_what_is_new_waits_for_a_translation_and_what_is_gone_is_dropped() -> None:
    old = polib.POFile()
    old.append(polib.POEntry(msgid="Nobody says this any more", msgstr="Das sagt niemand mehr"))
    old.append(polib.POEntry(msgid="Bookings", msgstr="Buchungen"))
    fresh = up_to_date(old)
    assert {text_of(entry) for entry in fresh} == set(texts())
    assert [entry.msgid for entry in fresh if entry.translated()] == ["Bookings"]


# --- Dates ------------------------------------------------------------------------------------------------------------


def names(module: object) -> set[str]:
    return {name for name in vars(module) if name.isupper()}


def test_each_language_writes_the_same_kinds_of_date() -> None:
    assert names(german) == names(english)


def test_templates_and_code_name_a_kind_of_date_and_leave_its_order_to_the_language() -> None:
    named = re.compile(r"""(?:\|date:|date_format\([^,)]+, )["']([^"']+)""")
    kinds = {kind for path in sources() for kind in named.findall(path.read_text())}
    for_programs = {"c", "Y-m-d"}
    assert kinds - names(english) == for_programs
