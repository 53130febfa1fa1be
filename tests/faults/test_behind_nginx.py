"""nginx with the project's file, before a real server."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.process import ROOT, serving
from tests.support.waiting import eventually

CONFIGURATION = ROOT / "deploy" / "nginx" / "gearshift.conf"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


APPLICATION = """
def app(environ, start_response):
    start_response("200 OK", [])
    said = [environ.get(name, "none") for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED")]
    return [environ["wsgi.input"].read() or " ".join(said).encode()]
"""
CLAIMS = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "gopher", "Forwarded": "for=203.0.113.9"}


def test_requests_go_through_and_claims_of_clients_do_not(tmp_path: Path) -> None:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("no nginx here")
    port = free_port()
    (tmp_path / "claimed.py").write_text(APPLICATION)
    with serving("claimed:app", folder=tmp_path) as server:
        text = CONFIGURATION.read_text().replace("10.0.0.11:8000", f"127.0.0.1:{server.address[1]}")
        text = text.replace("10.0.0.12:8000", "127.0.0.1:9 backup").replace(
            "10.0.0.13:8000", "127.0.0.1:9 backup"
        )
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}")
        (tmp_path / "gearshift.conf").write_text(text)
        (tmp_path / "nginx.conf").write_text(
            f"{'user root; ' if os.getuid() == 0 else ''}pid {tmp_path}/pid; daemon off; error_log stderr;\n"
            "events {}\n"
            f"http {{ access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
            f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
            f"include {tmp_path}/gearshift.conf; }}\n"
        )
        arguments = [nginx, "-p", str(tmp_path), "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]
        checked = subprocess.run([*arguments, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        process = subprocess.Popen(arguments)
        try:
            eventually(lambda: ask(port, "/") == (200, b"127.0.0.1 http none"), "it passes requests on")
            assert ask(port, "/", b"x" * 100_000) == (200, b"x" * 100_000)
            assert ask(port, "/health")[0] == 404
        finally:
            process.terminate()
            process.wait(10)


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET" if body is None else "POST", path, body, CLAIMS)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()
