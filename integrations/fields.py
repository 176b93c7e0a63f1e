"""Text that is stored encrypted (Fernet: AES-128-CBC with HMAC-SHA256, https://cryptography.io/en/latest/fernet/)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class EncryptionKeyError(Exception):
    """A stored value was written with a key that ``ENCRYPTION_KEYS`` does not hold."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret cannot be decrypted: none of the ENCRYPTION_KEYS is the one it was written with. "
            "Put the earlier key back at the end of ENCRYPTION_KEYS, then run rotate_encryption_keys."
        )


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: set at least one Fernet key.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds a value that is not a Fernet key.") from error


def encrypt(text: str) -> str:
    """``text`` as Fernet ciphertext under the newest key."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(ciphertext: str) -> str:
    """The text behind ``ciphertext``; raises EncryptionKeyError when no key fits, never returns something else."""
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(ciphertext.encode()).decode()
    except InvalidToken as error:
        raise EncryptionKeyError from error


class EncryptedTextField(models.TextField[str, str]):
    """A text that is ciphertext in the database and plain in Python. The empty string stays empty: it hides nothing."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way in."""
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        """Decrypt on the way out."""
        return decrypt(value) if value else value
