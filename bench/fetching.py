"""Fetches a file five times at once, again and again: `python -m bench.fetching URL PATH COOKIE SECONDS`.

In a process of its own, of lower priority, that does not look at what comes: it is the server that is measured.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

AT_ONCE = 5
PIECE = 1 << 20
NICENESS = 10


def fetch_until(end: float, url: str, path: str, cookie: str) -> None:
    where = urlsplit(url)
    order = f"GET {path} HTTP/1.0\r\nHost: {where.netloc}\r\nCookie: {cookie}\r\n\r\n".encode()
    while time.monotonic() < end:
        with socket.create_connection((where.hostname, where.port)) as connection:
            connection.sendall(order)
            assert connection.recv(12).endswith(b" 200"), "no file"
            while len(connection.recv(PIECE, socket.MSG_TRUNC)):
                pass


def main() -> None:
    url, path, cookie, seconds = sys.argv[1:]
    os.nice(NICENESS)
    end = time.monotonic() + float(seconds)
    threads = [threading.Thread(target=fetch_until, args=(end, url, path, cookie)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
