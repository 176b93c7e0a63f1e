"""Processes that live and die together: nothing is left behind by an error, by Ctrl-C, or by ``kill -9``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

GUARD = Path(__file__).with_name("guard.py")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DidNotStart(Exception):
    """A process ended, or was not ready in time; the message holds the end of its log."""


@dataclass
class Child:
    """A process that we started, in a process group of its own."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self.popen.poll() is None

    def tail(self, lines: int = 25) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself; those it started are its own business."""
        if self.running:
            self.popen.send_signal(number)

    def kill(self) -> None:
        """End it and all that it started, at once, as a crash of the machine would."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return once ``ready()``; raises DidNotStart when the process ends or ``seconds`` have passed."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise DidNotStart(f"{self.name} ended with status {self.popen.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise DidNotStart(f"{self.name} was not ready after {seconds:g} seconds:\n{self.tail()}")
            time.sleep(0.05)


class Household:
    """Starts processes and ends all of them, in reverse order, when it is closed or when this process dies."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD)], stdin=subprocess.PIPE, start_new_session=True, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def folder(self, *, inside: Path | None = None, prefix: str = "zinnect-") -> Path:
        """A new folder, removed at the end whatever happens; ``inside``, made where it is missing, stays."""
        if inside is not None:
            inside.mkdir(exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=inside))
        self._tell(f"folder {path}")
        return path

    def spawn(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: int | None = None,
        group: int | None = None,
    ) -> Child:
        """Start ``command``; its output goes to ``log``. ``user`` and ``group`` are ids to run as (root only)."""
        with log.open("ab") as output:
            popen = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=[] if user is not None else None,
            )
        self._tell(f"group {popen.pid} {int(stop_signal)}")
        child = Child(name, popen, log, stop_signal)
        self.children.append(child)
        return child

    def fallen(self) -> Child | None:
        """The first child that has ended by itself, if any."""
        return next((child for child in self.children if not child.running), None)

    def end(self, child: Child, *, patience: float = 8.0) -> None:
        """Ask one child to stop, and kill its group when it does not within ``patience`` seconds."""
        child.send(child.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            child.popen.wait(patience)
        child.kill()
        self._tell(f"ended {child.popen.pid}")
        if child in self.children:
            self.children.remove(child)

    def close(self) -> None:
        """End everything, then let the guard remove the folders. Closing twice does nothing more."""
        for child in reversed(self.children):
            child.send(child.stop_signal)
        for child in self.children[::-1]:
            self.end(child)
        self._guard.communicate()

    def _tell(self, line: str) -> None:
        if self._guard.stdin is None:
            raise RuntimeError("the guard has no input")
        self._guard.stdin.write(line + "\n")
        self._guard.stdin.flush()
