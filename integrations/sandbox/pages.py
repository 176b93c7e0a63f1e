"""The pages people see: consent, and a plain word when something is wrong. No JavaScript, no cookies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1d2433;--soft:#5a6478;--paper:#fff;--ground:#f3f5f9;--line:#d8dde6}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf4;--soft:#a5afc2;--paper:#1b2130;--ground:#11151f;--line:#38415a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.flag{background:#5b3a00;color:#fff;padding:.5rem 1rem;text-align:center;font-size:.9rem}
main{max-width:30rem;margin:2.5rem auto;padding:2rem;background:var(--paper);
border:1px solid var(--line);border-radius:12px}
main.wide{max-width:60rem}
h1{font-size:1.4rem;line-height:1.3;margin:0 0 1rem}
label{display:block;font-weight:600;margin:.75rem 0 .25rem}
select{width:100%;padding:.6rem;font:inherit;border:1px solid var(--soft);border-radius:8px;
background:var(--paper);color:inherit}
ul{padding-left:0;list-style:none;margin:.5rem 0 1.5rem}
li{padding:.4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
li label{font-weight:400;display:flex;gap:.6rem;margin:0}
.soft{color:var(--soft);font-size:.9rem}
.buttons{display:flex;gap:.75rem;flex-wrap:wrap}
button{flex:1;min-height:44px;padding:.6rem 1.2rem;font:inherit;font-weight:600;
border-radius:8px;border:1px solid var(--soft);background:none;color:inherit;cursor:pointer}
button.yes{background:#0b57d0;border-color:#0b57d0;color:#fff}
:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem;border-bottom:1px solid var(--line);
overflow-wrap:anywhere;vertical-align:top}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--ground);padding:1rem;border-radius:8px}
iframe{width:100%;height:36rem;border:1px solid var(--line);border-radius:8px;background:#fff}
a{color:inherit}
"""


def page(title: str, body: str, *, flag: str, wide: bool = False) -> str:
    """A whole page. `body` is HTML, the rest plain text; `flag` says that this is a stand-in."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><div class="flag" role="note">{escape(flag)}</div>'
        f"<main{' class=wide' if wide else ''}><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def refused(vendor: str, message: str, code: str = "") -> str:
    """What the vendor shows when an authorize request cannot be trusted: no redirect back."""
    detail = f'<p class="soft">Error code {escape(code)}</p>' if code else ""
    return page("This request cannot be completed", f"<p>{escape(message)}</p>{detail}", flag=flag(vendor))


def flag(vendor: str) -> str:
    """The label on every page."""
    return f"Sandbox: stands in for {vendor}. Nothing here reaches the real {vendor}."


def consent(
    vendor: str,
    action: str,
    hidden: Iterable[tuple[str, str]],
    people: Sequence[tuple[str, str]],
    chosen: str,
    scopes: Sequence[tuple[str, str, bool]],
    yes: str,
) -> str:
    """The consent form. `people` are (key, label); `scopes` (scope, meaning, may be unticked)."""
    fields = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden)
    options = "".join(
        f'<option value="{escape(key)}"{" selected" if key == chosen else ""}>{escape(label)}</option>'
        for key, label in people
    )
    rows = "".join(_scope(scope, meaning, optional) for scope, meaning, optional in scopes)
    body = (
        f'<form method="post" action="{escape(action)}">{fields}'
        f'<label for="persona">Signed in as</label><select id="persona" name="persona">{options}</select>'
        f"<p>The app asks to:</p><ul>{rows}</ul>"
        f'<div class="buttons"><button class="yes" type="submit" name="decision" value="{yes}">{yes}</button>'
        '<button type="submit" name="decision" value="Deny">Deny</button></div></form>'
    )
    return page(f"An app wants to use your {vendor} account", body, flag=flag(vendor))


def _scope(scope: str, meaning: str, optional: bool) -> str:
    text = f'<span>{escape(meaning)}<br><span class="soft">{escape(scope)}</span></span>'
    if not optional:
        return f"<li>{text}</li>"
    box = f'<input type="checkbox" name="granted" value="{escape(scope)}" checked>'
    return f"<li><label>{box}{text}</label></li>"
