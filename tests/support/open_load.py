"""New requests at a rate of their own, whatever becomes of them: `python open_load.py HOST PORT RATE SECONDS`.

Each comes on a new connection and is given up after a second. It prints one line of JSON: how many were answered 200 in
time, how many 503, how many too late or not at all.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

ASKED = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
PATIENCE = 1.0


def main(host: str, port: str, rate: float, seconds: float) -> dict[str, int]:
    selector = selectors.DefaultSelector()
    waiting: dict[socket.socket, float] = {}
    result = {"good": 0, "shed": 0, "late": 0}
    sent = 0
    start = time.monotonic()
    while (now := time.monotonic()) < start + seconds or waiting:
        while sent < (min(now - start, seconds)) * rate:
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex((host, int(port)))
            selector.register(client, selectors.EVENT_WRITE)
            waiting[client] = now
            sent += 1
        for key, event in selector.select(0.001):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            try:
                if event & selectors.EVENT_WRITE:
                    client.send(ASKED)
                    selector.modify(client, selectors.EVENT_READ)
                    continue
                head = client.recv(4096)
            except OSError:
                head = b""
            del waiting[client]
            selector.unregister(client)
            client.close()
            good, shed = head.startswith(b"HTTP/1.1 200 "), head.startswith(b"HTTP/1.1 503 ")
            result["good" if good else "shed" if shed else "late"] += 1
        for client, since in list(waiting.items()):
            if now - since > PATIENCE:
                del waiting[client]
                selector.unregister(client)
                client.close()
                result["late"] += 1
    return result


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))))
