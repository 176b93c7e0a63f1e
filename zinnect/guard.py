"""A tiny process that outlives the one that started it and ends what that one left behind.

Run by path, with the standard library alone, its input being a pipe that only the starter holds open. The end of that
input means that the starter is gone, however it went: then every process group it named is stopped, and every folder it
named is removed. It works alike on Linux and macOS, and needs no cooperation of those it ends.

Lines: ``group <id> <signal>`` · ``ended <id>`` · ``folder <path>``
"""

import os
import shutil
import signal
import sys
import time

PATIENCE = 8.0
"""Seconds between asking a group to stop and killing it."""


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _send(group: int, number: int) -> None:
    if _is_there(group):
        os.killpg(group, number)


def _end(groups: dict[int, int]) -> None:
    for group, number in groups.items():
        _send(group, number)
    deadline = time.monotonic() + PATIENCE
    while any(map(_is_there, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        _send(group, signal.SIGKILL)


def main() -> None:
    """Listen until the starter is gone, then clear up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        if verb == "group":
            group, number_text = rest.split()
            groups[int(group)] = int(number_text)
        elif verb == "ended":
            groups.pop(int(rest), None)
        elif verb == "folder":
            folders.append(rest)
    _end(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
