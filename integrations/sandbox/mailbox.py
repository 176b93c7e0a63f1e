"""The mailbox: takes all mail by SMTP, delivers none, shows it as JSON and as pages."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import socket
import threading
from email.message import EmailMessage
from email.utils import getaddresses
from html import escape
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from . import pages
from .faults import Fault
from .http import Request, Response, html_response
from .state import Json, World

LINK = re.compile(r"https?://[^\s<>]+")
NOTE = "Sandbox mailbox: mail is kept here and never delivered."


def parse(raw: bytes, envelope_from: str, envelope_to: list[str]) -> Json:
    """A message taken apart: headers, text, HTML, calendar parts."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text, html, ics = "", "", []
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart() or not isinstance(part, EmailMessage):
            continue
        if kind in ("text/calendar", "application/ics"):
            content = part.get_payload(decode=True)
            body = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
            ics.append(
                {"content_type": kind, "method": part.get_param("method"), "filename": part.get_filename(), "raw": body}
            )
        elif kind == "text/plain" and part.get_content_disposition() != "attachment":
            text += part.get_content()
        elif kind == "text/html" and part.get_content_disposition() != "attachment":
            html += part.get_content()
    return {
        "from": str(message.get("From", "")),
        "to": [address for _, address in getaddresses([str(value) for value in message.get_all("To", [])])],
        "reply_to": str(message.get("Reply-To", "")),
        "subject": str(message.get("Subject", "")),
        "message_id": str(message.get("Message-ID", "")).strip(),
        "date": str(message.get("Date", "")),
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": text,
        "html": html,
        "ics": [part["raw"] for part in ics],
        "ics_parts": ics,
        "envelope_from": envelope_from,
        "envelope_to": envelope_to,
    }


class _Inbox:
    """aiosmtpd's handler: where mail comes in and where it may fail on demand."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        envelope.rcpt_options.extend(rcpt_options)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._world.faults.take("smtp", "smtp")
        if fault is not None and (answer := await self._before(server, fault)):
            return answer
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        mail = parse(raw, envelope.mail_from or "", list(envelope.rcpt_tos))
        with self._world.lock:
            mail |= {"id": len(self._world.mails) + 1, "at": self._world.stamp()}
            self._world.mails.append(mail)
        if fault is not None and fault.kind in ("timeout_after", "drop_after"):
            if fault.kind == "timeout_after":
                await asyncio.sleep(float(fault.params.get("seconds", 30)))
            _drop(server)
        if fault is not None and fault.kind == "status_after":
            return _line(fault, 451)
        return "250 OK: kept"

    async def _before(self, server: SMTP, fault: Fault) -> str:
        """The answer of a fault that comes before the mail is kept; empty when it is to be kept."""
        if fault.kind == "delay":
            await asyncio.sleep(float(fault.params.get("ms", 1000)) / 1000)
        elif fault.kind == "status":
            return _line(fault, 451)
        elif fault.kind == "refuse":
            return _line(fault, 550)
        elif fault.kind in ("timeout_before", "connection_stop"):
            await asyncio.sleep(float(fault.params.get("seconds", 30)) if fault.kind == "timeout_before" else 0)
            _drop(server)
            return "421 Closing"
        return ""


def _line(fault: Fault, status: int) -> str:
    message = fault.params.get("message", "Planned failure")
    return f"{int(fault.params.get('status', status))} {message}"


def _drop(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


def start(world: World, host: str, port: int) -> int:
    """Listen for mail in a thread of its own; the port."""
    listening = socket.create_server((host, port), backlog=128)
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        inbox = _Inbox(world)
        options: dict[str, Any] = {"data_size_limit": 10_000_000, "hostname": "sandbox.invalid", "ident": "sandbox"}
        loop.run_until_complete(loop.create_server(lambda: SMTP(inbox, **options), sock=listening))
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    return int(listening.getsockname()[1])


def index(world: World, request: Request) -> Response:
    """All mail, newest first."""
    with world.lock:
        mails = list(reversed(world.mails))
    rows = "".join(
        f'<tr><td><a href="/mailbox/{mail["id"]}">{escape(mail["subject"]) or "(no subject)"}</a></td>'
        f"<td>{escape(', '.join(mail['envelope_to']))}</td><td>{escape(mail['at'][:19])}Z</td></tr>"
        for mail in mails
    )
    table = f"<table><thead><tr><th>Subject</th><th>To</th><th>Kept at</th></tr></thead><tbody>{rows}</tbody></table>"
    body = table if mails else "<p>No mail yet.</p>"
    return html_response(pages.page("Mailbox", body, flag=NOTE, wide=True))


def show(world: World, request: Request) -> Response:
    """One mail: headers, the HTML part in a sandboxed frame, the text, the calendar parts."""
    mail = _find(world, request)
    if mail is None:
        return html_response(pages.page("No such mail", "<p>It may have been cleared.</p>", flag=NOTE), 404)
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in mail["headers"]
        if name.lower() in ("from", "to", "reply-to", "subject", "date", "message-id")
    )
    body = f'<p><a href="/mailbox/">All mail</a></p><table><tbody>{rows}</tbody></table>'
    if mail["html"]:
        body += f'<h2>HTML</h2><iframe sandbox title="HTML part" src="/mailbox/{mail["id"]}/html"></iframe>'
    body += f"<h2>Text</h2><pre>{_linked(mail['text'])}</pre>"
    for part in mail["ics_parts"]:
        body += f"<h2>Calendar part ({escape(str(part['method']))})</h2><pre>{escape(part['raw'])}</pre>"
    return html_response(pages.page(mail["subject"] or "(no subject)", body, flag=NOTE, wide=True))


def _linked(text: str) -> str:
    """Plain text as HTML in which addresses can be followed, as in any mail program."""
    return LINK.sub(r'<a href="\g<0>">\g<0></a>', escape(text))


def show_html(world: World, request: Request) -> Response:
    """The HTML part alone, for the frame: no scripts, nothing loaded from elsewhere."""
    mail = _find(world, request)
    answer = html_response(mail["html"] if mail else "", 200 if mail else 404)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    return answer


def _find(world: World, request: Request) -> Json | None:
    number = request.params["id"]
    with world.lock:
        if number.isdecimal() and 1 <= int(number) <= len(world.mails):
            return world.mails[int(number) - 1]
    return None
