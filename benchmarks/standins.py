"""``python -m benchmarks.standins MILLISECONDS``: Google, Zoom and a mail server, as cheap as they can be.

The sandbox is strict and keeps everything; this answers the few calls of one booking after so many milliseconds, and
counts them. It prints its two ports (HTTP, SMTP) and runs until SIGTERM. ``GET /counts`` tells the calls by method and
resource and forgets them; ``GET /latency/MILLISECONDS`` changes the latency.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections import Counter
from typing import Any

NUMBERS = itertools.count(10_000_000_000)


class Standins:
    """Both providers and the mail server, with one latency for the providers; mail is taken at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.counts: Counter[str] = Counter()

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive for as many requests as come."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _version = head.split(b"\r\n", 1)[0].decode().split()
                status, answer = await self.answer(method, path, await reader.readexactly(length_of(head)))
                body = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        if path == "/counts":
            counted, self.counts = dict(self.counts), Counter()
            return 200, counted
        if path.startswith("/latency/"):
            self.seconds = float(path.rpartition("/")[2]) / 1000
            return 200, {}
        resource = path.partition("?")[0]
        self.counts[f"{method} {'meetings' if '/v2/' in resource else 'events'}"] += 1
        await asyncio.sleep(self.seconds)
        if "/v2/" in resource:
            number = next(NUMBERS)
            return 201, {"id": number, "join_url": f"https://zoom.example/j/{number}"}
        if method == "GET":
            return 200, {"items": [], "timeZone": "America/New_York"}
        return 200, event(resource, json.loads(body))

    async def smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a program that sends mail, which goes nowhere."""
        writer.write(b"220 bench\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                self.counts["mail"] += 1
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 bench\r\n")
        writer.close()


def length_of(head: bytes) -> int:
    """How many bytes of body come after a request's head."""
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def event(resource: str, body: dict[str, Any]) -> dict[str, Any]:
    """A calendar event as Google answers it: with the Meet link that was asked for, or without the one taken out."""
    name = body.get("id") or resource.rpartition("/")[2]
    number = next(NUMBERS)
    asked = bool(body.get("conferenceData"))
    meet = {"hangoutLink": f"https://meet.example/{name}"} if asked else {}
    return {
        **{key: body[key] for key in ("start", "end", "location", "description", "attendees") if key in body},
        "extendedProperties": body.get("extendedProperties", {}),
        "id": name,
        "etag": f'"{number}"',
        "iCalUID": f"{name}@google.com",
        "sequence": 0,
        "status": "confirmed",
        **meet,
    }


async def main() -> None:
    """Open both ports and serve until told to end."""
    standins = Standins(float(sys.argv[1]) / 1000)
    servers = [await asyncio.start_server(serve, "127.0.0.1", 0) for serve in (standins.http, standins.smtp)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
