"""Whether this process runs on eventlet's loop. The patch itself is the first statement of app.py."""

from __future__ import annotations

import sys


def is_running() -> bool:
    """True when the standard library was patched; tests and the command line stay unpatched."""
    patcher = sys.modules.get("eventlet.patcher")
    return patcher is not None and bool(patcher.is_monkey_patched("socket"))


def async_mode() -> str:
    """Flask-SocketIO's name for how this process waits."""
    return "eventlet" if is_running() else "threading"
