"""The icons of heroicons, drawn once: its own tags copy and print an XML tree for each icon of each page.

In every template without ``{% load %}`` (settings.py, ``builtins``), by the names that the package gives them.
"""

from __future__ import annotations

from functools import lru_cache

from django import template
from heroicons.templatetags import heroicons

register = template.Library()


@register.simple_tag
def heroicon_outline(name: str, *, size: int = 24, **attributes: object) -> str:
    """An icon drawn by its outline."""
    return _drawn("outline", name, size, tuple(attributes.items()))


@register.simple_tag
def heroicon_mini(name: str, *, size: int = 20, **attributes: object) -> str:
    """A filled icon for small places."""
    return _drawn("mini", name, size, tuple(attributes.items()))


@lru_cache(maxsize=256)
def _drawn(style: str, name: str, size: int, attributes: tuple[tuple[str, object], ...]) -> str:
    draw = {"outline": heroicons.heroicon_outline, "mini": heroicons.heroicon_mini}[style]
    return draw(name, size=size, **dict(attributes))
