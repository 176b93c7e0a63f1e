"""Bringing every stored secret under the newest key, while the service runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from integrations.fields import EncryptedTextField, EncryptionKeyError, decrypt


@dataclass
class Rotated:
    """How one field fared. What was changed meanwhile, by the running service, is under the newest key already."""

    name: str
    rewritten: int = 0
    changed_meanwhile: int = 0
    failed: list[str] = field(default_factory=list)


def encrypted_fields() -> Iterator[tuple[type[Model], EncryptedTextField]]:
    """Every encrypted field of every app."""
    for model in apps.get_models():
        for column in model._meta.local_fields:
            if isinstance(column, EncryptedTextField):
                yield model, column


def rotate(model: type[Model], column: EncryptedTextField, *, batch: int = 200) -> Rotated:
    """Encrypt one field of all rows anew. Each UPDATE names the old ciphertext: nothing newer is overwritten."""
    done = Rotated(f"{model._meta.label}.{column.name}")
    rows = model._base_manager.annotate(stored=Cast(column.attname, TextField())).exclude(stored="").order_by("pk")
    last = None
    while True:
        following = rows if last is None else rows.filter(pk__gt=last)
        found = list(following.values_list("pk", "stored")[:batch])
        if not found:
            return done
        for pk, stored in found:
            _rotate_one(model, column, pk, stored, done)
        last = found[-1][0]


def _rotate_one(model: type[Model], column: EncryptedTextField, pk: int, stored: str, done: Rotated) -> None:
    try:
        text = decrypt(stored)
    except EncryptionKeyError:
        done.failed.append(f"{model._meta.label} {pk}")
        return
    rows = model._base_manager.annotate(stored=Cast(column.attname, TextField())).filter(pk=pk, stored=stored)
    if rows.update(**{column.name: text}):
        done.rewritten += 1
    else:
        done.changed_meanwhile += 1
