"""What invitees fill in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, validate_email
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from bookings.unlinked import unlinked
from bookings.views import _form_keys
from bookings.views._zones import find_zone

MAX_GUESTS = 10
NO_ADDRESS = _("Write an e-mail address, like name@example.com.")
# Unicode's categories: control characters, separators of lines and of paragraphs.
NO_LINE = {"Cc", "Zl", "Zp"}
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def parse_slot(text: str) -> datetime | None:
    """An aware UTC datetime from ISO 8601 text with an offset ("2026-12-03T09:00:00Z"); None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
        slot = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
    # At the ends of what a datetime can hold, no other zone could show it.
    return slot if slot and MINYEAR < slot.year < MAXYEAR else None


class SlotField(forms.CharField):
    """A start, as the pages write it."""

    def clean(self, value: Any) -> datetime:
        """Raise ValidationError for what is no moment in time."""
        slot = parse_slot(super().clean(value))
        if slot is None:
            raise ValidationError(_("Choose a time."))
        return slot


class ZoneField(forms.CharField):
    """A time zone by its name."""

    def clean(self, value: Any) -> ZoneInfo:
        """Raise ValidationError for a zone that nobody knows."""
        zone = find_zone(super().clean(value))
        if zone is None:
            raise ValidationError(_("We do not know this time zone. Choose one such as Europe/Berlin."))
        return zone


class LineField(forms.CharField):
    """Text on one line."""

    def to_python(self, value: Any) -> str:
        """Raise ValidationError for control characters and separators of lines."""
        text = super().to_python(value) or ""
        if any(unicodedata.category(character) in NO_LINE for character in text):
            raise ValidationError(_("Write this on one line."))
        # Those that turn the direction of what follows; others join letters or emoji, in names too.
        return "".join(character for character in text if character not in TURNING)


class NameField(LineField):
    """What somebody is called: it stands in subjects and titles, where it must not pass for more."""

    def to_python(self, value: Any) -> str:
        """Raise ValidationError for web addresses as well."""
        text = super().to_python(value)
        if "://" in text or "www." in text.lower():
            raise ValidationError(_("Write your name without a web address."))
        return unlinked(text)


class ParagraphsField(forms.CharField):
    """Text whose line breaks count as one character, as they do in the browser, which sends two."""

    def to_python(self, value: Any) -> str:
        """The text with plain line feeds, and without other control characters but the NUL, which is refused."""
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        return "".join(
            character for character in text if character in "\n\t\x00" or unicodedata.category(character) != "Cc"
        )


class AddressField(forms.EmailField):
    """An e-mail address that mail can be sent to by any server."""

    default_validators = [EmailValidator(NO_ADDRESS)]

    def to_python(self, value: Any) -> str:
        """The address in ASCII; what cannot be is left for the validators."""
        text = str(super().to_python(value) or "")
        return ascii_address(text) or text

    def run_validators(self, value: str) -> None:
        """Raise ValidationError for what is no address that we can write to."""
        super().run_validators(value)
        if not ascii_address(value):
            raise ValidationError(NO_ADDRESS)


class AddressesInput(forms.Textarea):
    """Takes one text of several addresses as well as a repeated input."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str:
        """All inputs of the name, a line each."""
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        return "\n".join(values)


class AddressesField(forms.CharField):
    """E-mail addresses between commas, semicolons or white space, each once, in the order given."""

    widget = AddressesInput

    def clean(self, value: Any) -> tuple[str, ...]:
        """Raise ValidationError that names what is no address, or that there are too many."""
        found = [part for part in re.split(r"[\s,;]+", super().clean(value)) if part]
        wrong = [part for part in found if not ascii_address(part)]
        if wrong:
            raise ValidationError(_("Not an e-mail address: %(wrong)s") % {"wrong": ", ".join(wrong)[:200]})
        addresses = tuple({address.lower(): address for address in map(ascii_address, found)}.values())
        if len(addresses) > MAX_GUESTS:
            raise ValidationError(_("At most %(count)d guests can be invited.") % {"count": MAX_GUESTS})
        return addresses


def ascii_address(text: str) -> str:
    """The address with its domain as DNS has it ("münchen.de" → "xn--mnchen-3ya.de"); empty where there is none.

    Django's validator also takes letters that merely look like ASCII when case is ignored, and local parts in quotes
    with control characters in them: nobody has one, and other people's programs trip over them.
    """
    local, _at, domain = text.rpartition("@")
    if not local.isascii() or '"' in local:
        return ""
    try:
        address = f"{local}@{punycode(domain)}"
    except UnicodeError:
        return ""
    return address if address.isascii() and _is_email(address) else ""


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


class SignedForm(forms.Form):
    """A form that works without a cookie: it carries a signed key and a field that only programs fill in."""

    form_key = forms.CharField(widget=forms.HiddenInput, required=False)
    website = forms.CharField(required=False, label=_("Leave this empty"))

    def __init__(self, data: Any = None, *, purpose: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.purpose = purpose
        self.nonce = ""
        self.fields["website"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}

    def clean_website(self) -> str:
        """Refuse what a program filled in."""
        if self.cleaned_data["website"]:
            raise ValidationError(_("Leave this empty."))
        return ""

    def clean_form_key(self) -> str:
        """Read the key; a page that stood open for too long has to be sent again."""
        try:
            self.nonce = _form_keys.read(self.cleaned_data["form_key"], purpose=self.purpose)
        except _form_keys.FormKeyError as error:
            message = _("This page was open for too long. Look at what you typed and send it again.")
            raise ValidationError(message) from error
        return self.nonce

    def key_to_show(self) -> str:
        """The key for the page: the one that came, so that sending again stays the same form, or a new one."""
        return str(self.data.get("form_key", "")) if self.nonce else _form_keys.issue(self.purpose)

    def full_clean(self) -> None:
        """Put the cursor into the first field that is wrong."""
        super().full_clean()
        for name in self.errors:
            if name in self.fields and not self.fields[name].widget.is_hidden:
                self.fields[name].widget.attrs["autofocus"] = True
                return

    @property
    def page_errors(self) -> list[str]:
        """Messages that belong to no field that can be seen."""
        return [str(text) for name in ("form_key", "website") for text in self.errors.get(name, [])]


class BookingForm(SignedForm):
    """Who comes, and when; ``asked`` are the fields of the event type's own questions (forms_answers.py)."""

    slot = SlotField(widget=forms.HiddenInput)
    tz = ZoneField(label=_("Time zone"), max_length=64)
    name = NameField(label=_("Your name"), max_length=100)
    email = AddressField(label=_("E-mail address"), max_length=254)
    guests = AddressesField(
        label=_("Guests"),
        required=False,
        help_text=_("E-mail addresses of others to invite, one on a line, ten at most."),
    )
    notes = ParagraphsField(
        label=_("Anything we should know?"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        purpose: str,
        asked: Mapping[str, forms.Field],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, purpose=purpose, initial=initial)
        self.asked = tuple(asked)
        self.fields |= asked
        self.order_fields(("tz", "name", "email", *self.asked, "guests", "notes"))
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.fields["guests"].widget.attrs |= {"rows": 3, "autocomplete": "off", "spellcheck": "false"}
        self.fields["tz"].widget.attrs["list"] = "zones"

    @property
    def questions(self) -> list[forms.BoundField]:
        """The fields of the event type's own questions, in their order."""
        return [self[name] for name in self.asked]

    def clean(self) -> dict[str, Any]:
        """The invitee is no guest of their own."""
        cleaned = super().clean() or {}
        email = cleaned.get("email", "").lower()
        cleaned["guests"] = tuple(guest for guest in cleaned.get("guests", ()) if guest.lower() != email)
        return cleaned


class MoveForm(SignedForm):
    """To which time, and why."""

    slot = SlotField(widget=forms.HiddenInput)
    reason = ParagraphsField(
        label=_("Reason"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class CancelForm(SignedForm):
    """Why."""

    reason = ParagraphsField(
        label=_("Reason"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
