"""Behind a real nginx and a real HAProxy: Flask and Starlette see the client, its scheme, and the way back to them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.applications.served import Served, curl, serving
from tests.support.waiting import eventually

CLIENT = "127.0.0.9"  # which no proxy here has
APPLICATIONS = ("flask_app", "starlette_app")
NGINX = """
{user} daemon off; pid {folder}/pid; worker_processes 1; error_log stderr warn; events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        location / {{ proxy_pass http://{upstream}; }}
        location /shop/ {{ proxy_pass http://{upstream}/; }}
        location /kept/ {{ proxy_pass http://{upstream}; }}
        location /told/ {{
            proxy_pass http://{upstream}/;
            proxy_set_header Host inner.example;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Forwarded-Prefix /told;
        }}
    }}
}}
"""
HAPROXY = """
defaults
    timeout connect 5s
    timeout client 10s
    timeout server 10s
listen one
    mode tcp
    bind 127.0.0.1:{plain}
    server one {upstream} send-proxy
listen two
    mode tcp
    bind 127.0.0.1:{tls} ssl crt {folder}/both.pem
    option httpchk GET /where
    server two {upstream} send-proxy-v2-ssl check check-send-proxy inter 50ms
listen http
    mode http
    bind 127.0.0.1:{http}
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    server http {upstream} send-proxy-v2
"""


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of its own making."""
    folder = tmp_path_factory.mktemp("certificate")
    key, cert = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        f"{program('openssl')} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        f" -subj /CN=localhost -keyout {key} -out {cert}".split(),
        check=True,
        capture_output=True,
        timeout=20,
    )
    (folder / "both.pem").write_bytes(cert.read_bytes() + key.read_bytes())
    return folder


@contextlib.contextmanager
def proxy(command: list[str], ports: list[int]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as popen:
        try:
            for port in ports:

                def answers(port: int = port) -> bool:
                    with socket.socket() as probe:
                        return probe.connect_ex(("127.0.0.1", port)) == 0 or popen.poll() is not None

                eventually(answers, f"{command[0]} listens")
            if popen.poll() is not None:
                assert popen.stderr is not None
                pytest.fail(popen.stderr.read().decode())
            yield
        finally:
            popen.terminate()
            popen.wait(10)


@contextlib.contextmanager
def nginx(upstream: str, certificate: Path) -> Iterator[tuple[str, str]]:
    """The URLs by which it is reached, without and with TLS."""
    plain, tls = free_ports(2)
    config = certificate / f"nginx-{plain}.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # or its worker can't enter the folder of a test
    config.write_text(NGINX.format(user=user, folder=certificate, plain=plain, tls=tls, upstream=upstream))
    with proxy([program("nginx"), "-p", str(certificate), "-c", str(config)], [plain, tls]):
        yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}"


@contextlib.contextmanager
def haproxy(upstream: str, certificate: Path) -> Iterator[tuple[str, str, str]]:
    """The URLs by which it is reached: version 1, version 2 over TLS, and version 2 beside forwarding fields."""
    plain, tls, http = free_ports(3)
    config = certificate / f"haproxy-{plain}.conf"
    config.write_text(HAPROXY.format(folder=certificate, plain=plain, tls=tls, http=http, upstream=upstream))
    with proxy([program("haproxy"), "-db", "-f", str(config)], [plain, tls, http]):
        yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{http}"


def where(url: str, *fields: str) -> dict[str, Any]:
    lines = [part for field in fields for part in ("-H", field)]
    answer = curl("-k", "--interface", CLIENT, *lines, url)
    assert answer.status == 200, answer
    found: dict[str, Any] = json.loads(answer.body)
    return found


@contextlib.contextmanager
def site(application: str, *arguments: str) -> Iterator[Served]:
    with serving("--trusted-proxies", "127.0.0.1", *arguments, f"behind_site:{application}") as served:
        yield served


@pytest.mark.parametrize("application", APPLICATIONS)
def test_nginx_s_fields_and_a_path_that_it_takes_off(application: str, certificate: Path) -> None:
    with (
        site(application, "--root-path", "/shop") as served,
        nginx(f"127.0.0.1:{served.port}", certificate) as (plain, tls),
    ):
        for url, scheme in ((plain, "http"), (tls, "https")):
            seen = {"client": CLIENT, "scheme": scheme, "back": f"{url}/shop/where"}
            assert where(f"{url}/shop/where") == seen
            spoofing = ("For: 6.6.6.6", "Proto: ftp", "Host: evil.example", "Port: 1", "Prefix: /evil")
            assert where(f"{url}/shop/where", *(f"X-Forwarded-{field}" for field in spoofing)) == seen
        assert (
            where(f"{served.url}/where", "X-Forwarded-For: 6.6.6.6")["client"] == CLIENT
        )  # past nginx: a stranger


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_path_that_nginx_keeps(application: str, certificate: Path) -> None:
    with (
        site(application, "--root-path", "/kept", "--root-path-kept") as served,
        nginx(f"127.0.0.1:{served.port}", certificate) as (plain, _),
    ):
        assert where(f"{plain}/kept/where")["back"] == f"{plain}/kept/where"


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_path_that_nginx_tells_of_over_a_unix_socket(application: str, certificate: Path) -> None:
    path = certificate / f"{application}.sock"
    fields = ("for", "proto", "host", "port", "prefix")
    arguments = [part for field in fields for part in ("--forwarded-fields", f"x-forwarded-{field}")]
    arguments += ["--trusted-proxies", "unix", "--unix-mode", "660", f"behind_site:{application}"]
    with serving(*arguments, bind=f"unix:{path}"), nginx(f"unix:{path}:", certificate) as (plain, tls):
        assert path.stat().st_mode & 0o777 == 0o660
        for url, scheme in ((plain, "http"), (tls, "https")):
            assert where(f"{url}/told/where") == {
                "client": CLIENT,
                "scheme": scheme,
                "back": f"{url}/told/where",
            }


@pytest.mark.parametrize("application", APPLICATIONS)
def test_haproxy_s_protocol(application: str, certificate: Path) -> None:
    """Both versions; its health checks come as LOCAL. Over HTTP its client is no proxy, and names nobody else."""
    with (
        site(application, "--proxy-protocol") as served,
        haproxy(f"127.0.0.1:{served.port}", certificate) as (one, two, http),
    ):
        assert where(f"{one}/where") == {"client": CLIENT, "scheme": "http", "back": f"{one}/where"}
        assert where(f"{two}/where") == {"client": CLIENT, "scheme": "https", "back": f"{two}/where"}
        assert where(f"{http}/where", "X-Forwarded-For: 6.6.6.6")["client"] == CLIENT
        assert "PROXY protocol" not in served.err()
