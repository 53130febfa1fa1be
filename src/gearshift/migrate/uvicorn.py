"""Every option of uvicorn 0.54, and what it is here. A test holds it to the uvicorn that is installed."""

from __future__ import annotations

from gearshift.migrate import converting as to
from gearshift.migrate.entry import Entry, Takes
from gearshift.migrate.translation import shown_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.migrate.translation import Translation

VERSION = "0.54"
LOOPBACK = ["127.0.0.1", "::1"]
NO_LEVELS = "the error log has no levels and is no logger of Python's: the application's logging is its own"
ALWAYS_SENT = "it is sent always"


def interface(translation: Translation, entry: Entry, value: Any) -> None:
    if value == "asgi2":
        translation.lose(
            shown_as(entry, value), "ASGI 3 is spoken: asgiref's guarantee_single_callable wraps older ones"
        )
    elif value != "auto":
        translation.set("interface", "wsgi" if value == "wsgi" else "asgi", shown_as(entry, value))


def factory(translation: Translation, entry: Entry, value: Any) -> None:
    """--factory is a pair of parentheses here."""
    app = translation.values.get("app", "")
    if value and app and not app.endswith("()"):
        translation.values["app"] = f"{app}()"


def descriptor(translation: Translation, entry: Entry, value: Any) -> None:
    translation.set("bind", [f"fd:{value}"], shown_as(entry, value))


def unix(translation: Translation, entry: Entry, value: Any) -> None:
    translation.set("bind", [f"unix:{value}"], shown_as(entry, value))


def access_log(translation: Translation, entry: Entry, value: Any) -> None:
    if value:
        translation.set("access_log", "-", shown_as(entry, value))


def http(translation: Translation, entry: Entry, value: Any) -> None:
    translation.lose(shown_as(entry, value), "there is one parser, compiled and strict")


def http2(translation: Translation, entry: Entry, value: Any) -> None:
    translation.set("http2", "on" if value else "off", shown_as(entry, value))


def nothing(translation: Translation, entry: Entry, value: Any) -> None:
    """It is said together with another."""


TABLE: tuple[Entry, ...] = (
    Entry("app", ours=("app",), convert=to.application),
    Entry("factory", ("--factory",), Takes.NOTHING, ("app",), "module:factory()", factory),
    Entry(
        "app_dir",
        ("--app-dir",),
        convert=to.python_path,
        words="it is a variable of the environment; the current folder is always looked into",
    ),
    Entry("host", ("--host",), ours=("bind",), words="HOST:PORT", convert=nothing),
    Entry("port", ("--port",), ours=("bind",), words="HOST:PORT", convert=nothing),
    Entry("uds", ("--uds",), ours=("bind",), words="unix:PATH", convert=unix),
    Entry("fd", ("--fd",), ours=("bind",), words="fd:N, which must listen", convert=descriptor),
    Entry("backlog", ("--backlog",), ours=("backlog",)),
    Entry("workers", ("--workers",), ours=("workers",)),
    Entry("reload", ("--reload",), Takes.NOTHING, ("reload",)),
    Entry("reload_dirs", ("--reload-dir",), Takes.SEVERAL, ("reload_dir",), convert=to.several),
    Entry("reload_includes", ("--reload-include",), Takes.SEVERAL, ("reload_include",), convert=to.several),
    Entry("reload_excludes", ("--reload-exclude",), Takes.SEVERAL, ("reload_exclude",), convert=to.several),
    Entry(
        "reload_delay", ("--reload-delay",), words="the kernel tells of changes; those within 50 ms are one"
    ),
    Entry("loop", ("--loop",), words="it is asyncio's own loop, whose selector is the engine"),
    Entry("http", ("--http",), words="there is one parser, compiled and strict", convert=http),
    Entry("http2", ("--http2",), Takes.NOTHING, ("http2",), convert=http2, negation=("--no-http2",)),
    Entry("ws", ("--ws",), words="WebSockets are served where an application takes them"),
    Entry("ws_max_size", ("--ws-max-size",), ours=("websocket_message",)),
    Entry(
        "ws_max_queue",
        ("--ws-max-queue",),
        words="the connection is not read while the application has not taken what came",
    ),
    Entry("ws_ping_interval", ("--ws-ping-interval",), ours=("websocket_ping",)),
    Entry("ws_ping_timeout", ("--ws-ping-timeout",), ours=("websocket_patience",)),
    Entry(
        "ws_per_message_deflate",
        ("--ws-per-message-deflate",),
        ours=("websocket_compression",),
        convert=to.on_or_off,
    ),
    Entry("lifespan", ("--lifespan",), words="an application that has none is served without"),
    Entry("interface", ("--interface",), ours=("interface",), convert=interface),
    Entry(
        "env_file",
        ("--env-file",),
        words="load it before: set -a; . FILE, EnvironmentFile= of systemd, env_file of a container",
    ),
    Entry("log_config", ("--log-config",), words=NO_LEVELS),
    Entry("log_level", ("--log-level",), words=NO_LEVELS),
    Entry(
        "access_log",
        ("--access-log",),
        Takes.NOTHING,
        ("access_log",),
        "on standard output there, off by default here",
        access_log,
        ("--no-access-log",),
    ),
    Entry(
        "use_colors",
        ("--use-colors",),
        Takes.NOTHING,
        words="logs have no colours",
        negation=("--no-use-colors",),
    ),
    Entry(
        "proxy_headers",
        ("--proxy-headers",),
        Takes.NOTHING,
        ("trusted_proxies",),
        "proxies are trusted by their address alone",
        nothing,
        ("--no-proxy-headers",),
    ),
    Entry("forwarded_allow_ips", ("--forwarded-allow-ips",), ours=("trusted_proxies",), convert=to.trusted),
    Entry("root_path", ("--root-path",), ours=("root_path",)),
    Entry(
        "headers", ("--header",), Takes.SEVERAL, words="the application, or the proxy before it, adds fields"
    ),
    Entry(
        "server_header",
        ("--server-header",),
        Takes.NOTHING,
        words=ALWAYS_SENT,
        negation=("--no-server-header",),
    ),
    Entry(
        "date_header",
        ("--date-header",),
        Takes.NOTHING,
        words="it is sent always (RFC 9110 section 6.6.1)",
        negation=("--no-date-header",),
    ),
    Entry(
        "limit_concurrency",
        ("--limit-concurrency",),
        ours=("max_requests",),
        words="requests beyond it wait for a moment, and get 503 when waits stay too long",
    ),
    Entry(
        "limit_max_requests",
        ("--limit-max-requests",),
        ours=("recycle_requests",),
        words="the worker is replaced; without --workers nobody would start it again",
    ),
    Entry(
        "limit_max_requests_jitter",
        ("--limit-max-requests-jitter",),
        words="up to a tenth more is added by chance, always",
    ),
    Entry("timeout_keep_alive", ("--timeout-keep-alive",), ours=("timeout_keep_alive",), convert=to.positive),
    Entry("timeout_graceful_shutdown", ("--timeout-graceful-shutdown",), ours=("timeout_drain",)),
    Entry(
        "timeout_worker_healthcheck",
        ("--timeout-worker-healthcheck",),
        words="a parent sees its processes end; systemd's watchdog sees one that stands",
    ),
    Entry("h11_max_incomplete_event_size", ("--h11-max-incomplete-event-size",), ours=("limit_head",)),
    Entry(
        "reset_contextvars",
        ("--reset-contextvars",),
        Takes.NOTHING,
        words="each request has a context of its own",
    ),
    Entry("ssl_certfile", ("--ssl-certfile",), ours=("certfile",), convert=to.several),
    Entry("ssl_keyfile", ("--ssl-keyfile",), ours=("keyfile",), convert=to.several),
    Entry(
        "ssl_keyfile_password",
        ("--ssl-keyfile-password",),
        words="keys are read without a password: openssl pkey writes one",
    ),
    Entry("ssl_version", ("--ssl-version",), words="TLS 1.2 and 1.3"),
    Entry("ssl_cert_reqs", ("--ssl-cert-reqs",), ours=("client_certificate",), convert=to.client_certificate),
    Entry("ssl_ca_certs", ("--ssl-ca-certs",), ours=("client_ca",)),
    Entry(
        "ssl_ciphers",
        ("--ssl-ciphers",),
        words="the operating system's OpenSSL decides, with modern defaults",
    ),
    Entry("version", ("--version",), Takes.NOTHING, words="gearshift --version"),
)


def unsaid(translation: Translation, said: dict[str, Any]) -> None:
    """What uvicorn does where nothing is said, and Gearshift does otherwise."""
    if "bind" not in translation.values or "host" in said or "port" in said:
        host = str(said.get("host", "127.0.0.1"))
        host = f"[{host}]" if ":" in host else host
        translation.set("bind", [f"{host}:{said.get('port', to.DEFAULT_PORT)}"], "host and port")
    if "access_log" not in said:
        translation.set("access_log", "-", "uvicorn's access log")
    if said.get("proxy_headers", True) and "forwarded_allow_ips" not in said:
        translation.set("trusted_proxies", LOOPBACK, "uvicorn's trust in proxies on this machine")
    elif not said.get("proxy_headers", True):
        translation.values.pop("trusted_proxies", None)
