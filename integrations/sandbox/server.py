"""The threaded HTTP server that carries the services."""

from __future__ import annotations

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .http import Request, Response, Service
from .serve import answer
from .state import World

MAX_BODY = 4_000_000


class Server(ThreadingHTTPServer):
    """One port. Threads are daemons; nothing waits for them at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], service: Service, world: World) -> None:
        self.service, self.world = service, world
        self.open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without the name lookup that HTTPServer makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Port:
    """A service listening on a port, which can be closed for a while as if the machine were gone."""

    def __init__(self, host: str, port: int, service: Service, world: World) -> None:
        self._service, self._world = service, world
        self._server = Server((host, port), service, world)
        self._host, self.number = host, self._server.server_port
        self._thread = self._serve(self._server)
        self._stopped = threading.Lock()
        world.stoppers[service.name] = self.stop_for

    @property
    def url(self) -> str:
        """The origin of this port."""
        return f"http://{self._host}:{self.number}"

    def _serve(self, server: Server) -> threading.Thread:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        return thread

    def stop_for(self, seconds: float) -> None:
        """Refuse connections for so long: when this returns, the port and all open connections are closed."""
        if not self._stopped.acquire(blocking=False):
            return
        old = self._server
        old.shutdown()
        old.server_close()
        for connection in list(old.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        threading.Thread(target=self._open_again, args=(seconds,), daemon=True).start()

    def _open_again(self, seconds: float) -> None:
        self._world.faults.hang(seconds)
        self._server = Server((self._host, self.number), self._service, self._world)
        self._thread = self._serve(self._server)
        self._stopped.release()


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, lets `serve.answer` do the work, sends what comes back."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            return

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self.wfile.write(Response(413, headers={"Connection": "close"}).head())
            return
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length) if length else b"",
        )
        if not answer(self.server.service, self.server.world, request, self.connection):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written to the terminal: a request line may carry a code."""
