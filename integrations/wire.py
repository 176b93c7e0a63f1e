"""Connections that keep one deadline in all: name lookup, connecting, handshake, sending, headers and body.

The timeouts of ``requests`` bound the gap between two bytes, so that one byte a second lasts for ever. Here every
operation of a socket gets what is left of the whole call (``Allowance``, in a context variable of the calling thread).
"""

from __future__ import annotations

import io
import queue
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
)


class Allowance:
    """What one call may still take, and whether any of it has left the machine."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.sent = False

    def left(self) -> float:
        """Seconds left; raises TimeoutError when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is used up")
        return left


_allowance: ContextVar[Allowance] = ContextVar("allowance")


@contextmanager
def allowance(seconds: float) -> Iterator[Allowance]:
    """Give the calls inside ``seconds`` in all, and never more than an allowance around them has left."""
    around = _allowance.get(None)
    if around is not None:
        seconds = min(seconds, around.until - time.monotonic())
    token = _allowance.set(Allowance(seconds))
    try:
        yield _allowance.get()
    finally:
        _allowance.reset(token)


class _BoundedReader(io.RawIOBase):
    """The reading side of a socket. Holds the socket's own raw file, which keeps the socket open while it is read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_allowance.get().left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedSocket:
    """A socket whose every operation takes its timeout from the allowance of the call."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        """What ``http.client`` reads the answer from."""
        return io.BufferedReader(_BoundedReader(self._sock))

    def sendall(self, data: Any, _flags: int = 0) -> None:
        """Send everything within the allowance."""
        view = memoryview(data).cast("B")
        while view:
            self._sock.settimeout(_allowance.get().left())
            _allowance.get().sent = True
            view = view[self._sock.send(view) :]

    def settimeout(self, _seconds: float | None) -> None:
        """Ignored: the allowance decides."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


_Address = tuple[int, int, int, str, Any]


def _look_up(host: str, port: int) -> Sequence[_Address]:
    """``getaddrinfo`` cannot be interrupted, so for anything but a numeric address a thread of its own waits for it."""
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        answers: queue.SimpleQueue[Sequence[_Address] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, name="name-lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=_allowance.get().left())
    except queue.Empty:
        raise TimeoutError("the name lookup took too long") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _connect(host: str, port: int) -> socket.socket:
    """Try each address with its share of the time left."""
    addresses = _look_up(host, port)
    problem = OSError("the name has no address")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_allowance.get().left() / (len(addresses) - index))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_allowance.get().left())  # The TLS handshake keeps it as a limit for the whole of itself.
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
    raise problem


class _Bounded:
    """What both kinds of connection do differently from urllib3's own."""

    host: str
    port: int
    sock: Any

    def _new_conn(self) -> socket.socket:
        try:
            return _connect(self.host, self.port)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock = BoundedSocket(self.sock)


class _Plain(_Bounded, HTTPConnection):
    """Over TCP."""


class _Secure(_Bounded, HTTPSConnection):
    """Over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class BoundedAdapter(HTTPAdapter):
    """Keeps connections alive for all threads of a process."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """As in requests, with our own connections."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
