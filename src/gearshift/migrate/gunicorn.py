"""Every setting of gunicorn 27, and what it is here. A test holds it to the gunicorn that is installed."""

from __future__ import annotations

from gearshift.migrate import converting as to
from gearshift.migrate.entry import Entry, Takes
from gearshift.migrate.translation import shown_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

    from gearshift.migrate.translation import Translation

VERSION = "27"
COMMON_FORMAT = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s'
NO_HOOKS = "there are no hooks: an ASGI application has its lifespan, others do it when they are imported"
NO_LEVELS = "the error log has no levels and is no logger of Python's: the application's logging is its own"
NO_DIRTY = "there are no processes for long tasks: a task queue does that, or the threads of pool and auto"
NO_STATSD = "counts are asked for by Prometheus instead (the extra metrics, docs/metrics.md)"
NO_SYSLOG = "the error log is standard error or a file; under systemd the journal has it"
STRICT = "what is not to the letter of RFC 9112 is refused, because a proxy may read it otherwise"
OTHERWISE_STARTED = (
    "whoever starts it does that: systemd (User=, UMask=, PIDFile= is not needed), a container, a shell"
)
NO_UWSGI = "HTTP is spoken here; have nginx use proxy_pass"
TABLES = "the operating system's OpenSSL decides, with modern defaults"


def worker_class(translation: Translation, entry: Entry, value: Any) -> None:
    """The engine that does what the kind of worker does."""
    text = value if isinstance(value, str) else getattr(value, "__name__", str(value))
    word = text.rpartition(".")[2].lower()
    said = shown_as(entry, text)
    if word in ("sync", "syncworker"):
        translation.set("engine", "pool", said)
        if "threads" not in translation.values:
            translation.set("threads", 1, said)
            translation.differs(
                said, "one thread a process, as there; more, or --engine auto, where the code allows it"
            )
    elif word in ("gthread", "threadworker"):
        translation.set("engine", "pool", said)
    elif word in ("asgi", "asgiworker", "uvicornworker", "uvicornh11worker"):
        translation.set("interface", "asgi", said)
        for name in ("engine", "threads"):  # of a WSGI worker
            translation.values.pop(name, None)
        translation.differs(
            said, "ASGI is served without another server inside: nothing of uvicorn is needed"
        )
    elif word in ("gevent", "geventworker", "gevent_pywsgi", "gevent_wsgi", "eventlet", "eventletworker"):
        translation.set("engine", "pool", said)
        translation.lose(
            said,
            "nothing is monkey-patched: real threads (--threads) wait where green ones did; or --engine auto",
        )
    else:
        translation.lose(said, "there is no such kind of worker: see docs/engines.md for the engines")


def threads(translation: Translation, entry: Entry, value: Any) -> None:
    """More than one makes a sync worker a gthread one, there too."""
    translation.set("threads", value, shown_as(entry, value))
    if str(value) != "1" and "engine" not in translation.values:
        translation.set("engine", "pool", shown_as(entry, value))


def access_format(translation: Translation, entry: Entry, value: Any) -> None:
    words = str(value).replace("%(f)s", "%({referer}i)s").replace("%(a)s", "%({user-agent}i)s")
    if words == COMMON_FORMAT:
        translation.set("access_log_format", "common", shown_as(entry, value))
    elif words == COMMON_FORMAT + ' "%({referer}i)s" "%({user-agent}i)s"':
        translation.set("access_log_format", "combined", shown_as(entry, value))
    else:
        translation.lose(
            shown_as(entry, value), "formats are common, combined and json; json has everything by name"
        )


def protocols(translation: Translation, entry: Entry, value: Any) -> None:
    wanted = "h2" in (value if isinstance(value, str) else ",".join(value))
    translation.set("http2", "on" if wanted else "off", shown_as(entry, value))


def hook(name: str) -> Entry:
    return Entry(name, words=NO_HOOKS)


TABLE: tuple[Entry, ...] = (
    Entry("wsgi_app", ours=("app",), convert=to.application),
    Entry("bind", ("-b", "--bind"), Takes.SEVERAL, ("bind",), convert=to.bind),
    Entry("backlog", ("--backlog",), ours=("backlog",)),
    Entry("workers", ("-w", "--workers"), ours=("workers",)),
    Entry("threads", ("--threads",), ours=("threads", "engine"), convert=threads),
    Entry("worker_class", ("-k", "--worker-class"), ours=("engine", "interface"), convert=worker_class),
    Entry(
        "worker_connections",
        ("--worker-connections",),
        ours=("max_connections",),
        words="for each process; they cost no thread, so there may be many more than threads",
    ),
    Entry(
        "max_requests",
        ("--max-requests",),
        ours=("recycle_requests",),
        words="our --max-requests is another thing: how many may run at once",
    ),
    Entry(
        "max_requests_jitter",
        ("--max-requests-jitter",),
        words="up to a tenth more is added by chance, always",
    ),
    Entry(
        "timeout",
        ("-t", "--timeout"),
        words="a process is not killed for a slow request, which would cost all others in it: --slow-request tells"
        " of it with its stack, --request-timeout cancels ASGI handlers, systemd's watchdog restarts what stands",
    ),
    Entry("graceful_timeout", ("--graceful-timeout",), ours=("timeout_drain",)),
    Entry("keepalive", ("--keep-alive",), ours=("timeout_keep_alive",), convert=to.positive),
    Entry(
        "limit_request_line",
        ("--limit-request-line",),
        ours=("limit_target",),
        convert=to.positive,
        words="of the target alone, without method and version",
    ),
    Entry("limit_request_fields", ("--limit-request-fields",), ours=("limit_fields",)),
    Entry(
        "limit_request_field_size",
        ("--limit-request-field_size",),
        ours=("limit_field",),
        convert=to.positive,
    ),
    Entry("reload", ("--reload",), Takes.NOTHING, ("reload",)),
    Entry(
        "reload_engine",
        ("--reload-engine",),
        words="the kernel tells of changes (inotify), by way of watchfiles",
    ),
    Entry(
        "reload_extra_files", ("--reload-extra-file",), Takes.SEVERAL, ("reload_include",), convert=to.several
    ),
    Entry("preload_app", ("--preload",), Takes.NOTHING, ("preload_app",)),
    Entry("reuse_port", ("--reuse-port",), Takes.NOTHING, ("listener_per_worker",)),
    Entry(
        "sendfile", ("--no-sendfile",), Takes.NOTHING, words="files leave by sendfile where the kernel has it"
    ),
    Entry(
        "chdir",
        ("--chdir",),
        words="start it in that folder (cd, WorkingDirectory=): it is on Python's path then",
    ),
    Entry(
        "pythonpath",
        ("--pythonpath",),
        ours=(),
        convert=to.python_path,
        words="it is a variable of the environment",
    ),
    Entry(
        "raw_env", ("-e", "--env"), Takes.SEVERAL, convert=to.variables, words="they stand before the command"
    ),
    Entry(
        "daemon",
        ("-D", "--daemon"),
        Takes.NOTHING,
        words="it stays in the foreground, which systemd and containers want",
    ),
    Entry("pidfile", ("-p", "--pid"), words=f"no file is needed: {OTHERWISE_STARTED}"),
    Entry("user", ("-u", "--user"), words=OTHERWISE_STARTED),
    Entry("group", ("-g", "--group"), words=OTHERWISE_STARTED),
    Entry("initgroups", ("--initgroups",), Takes.NOTHING, words=OTHERWISE_STARTED),
    Entry(
        "umask", ("-m", "--umask"), words=f"{OTHERWISE_STARTED}; for the socket's file there is --unix-mode"
    ),
    Entry(
        "worker_tmp_dir",
        ("--worker-tmp-dir",),
        words="nothing beats in a file: a parent sees its processes end",
    ),
    Entry("tmp_upload_dir", words="bodies that need a file go to the folder that TMPDIR names"),
    Entry("proc_name", ("-n", "--name"), words="processes keep their command line as their name"),
    Entry("default_proc_name", words="processes keep their command line as their name"),
    Entry("paste", ("--paste", "--paster"), words="name a function that loads it: module:factory()"),
    Entry(
        "raw_paste_global_conf",
        ("--paste-global",),
        Takes.SEVERAL,
        words="name a function that loads it: module:factory()",
    ),
    Entry("config", ("-c", "--config"), words="it is read here for what stands in it literally"),
    Entry(
        "check_config", ("--check-config",), Takes.NOTHING, words="gearshift settings checks and shows them"
    ),
    Entry("print_config", ("--print-config",), Takes.NOTHING, words="gearshift settings shows them"),
    Entry("spew", ("--spew",), Takes.NOTHING, words="gearshift top shows the stacks of what runs"),
    # ---- logs
    Entry("accesslog", ("--access-logfile",), ours=("access_log",), convert=to.log_path),
    Entry("access_log_format", ("--access-logformat",), ours=("access_log_format",), convert=access_format),
    Entry("errorlog", ("--error-logfile", "--log-file"), ours=("error_log",), convert=to.log_path),
    Entry("loglevel", ("--log-level",), words=NO_LEVELS),
    Entry(
        "capture_output",
        ("--capture-output",),
        Takes.NOTHING,
        words="what the application prints stays on its own streams",
    ),
    Entry("logger_class", ("--logger-class",), words=NO_LEVELS),
    Entry("logconfig", ("--log-config",), words=NO_LEVELS),
    Entry("logconfig_dict", words=NO_LEVELS),
    Entry("logconfig_json", ("--log-config-json",), words=NO_LEVELS),
    Entry("syslog", ("--log-syslog",), Takes.NOTHING, words=NO_SYSLOG),
    Entry("syslog_addr", ("--log-syslog-to",), words=NO_SYSLOG),
    Entry("syslog_prefix", ("--log-syslog-prefix",), words=NO_SYSLOG),
    Entry("syslog_facility", ("--log-syslog-facility",), words=NO_SYSLOG),
    Entry(
        "disable_redirect_access_to_syslog",
        ("--disable-redirect-access-to-syslog",),
        Takes.NOTHING,
        words=NO_SYSLOG,
    ),
    Entry(
        "enable_stdio_inheritance",
        ("-R", "--enable-stdio-inheritance"),
        Takes.NOTHING,
        words="streams are inherited always",
    ),
    Entry("statsd_host", ("--statsd-host",), words=NO_STATSD),
    Entry("statsd_prefix", ("--statsd-prefix",), words=NO_STATSD),
    Entry("dogstatsd_tags", ("--dogstatsd-tags",), words=NO_STATSD),
    Entry(
        "enable_backlog_metric",
        ("--enable-backlog-metric",),
        Takes.NOTHING,
        words=f"accept queues are always seen; {NO_STATSD}",
    ),
    # ---- behind a proxy
    Entry(
        "forwarded_allow_ips",
        ("--forwarded-allow-ips",),
        ours=("trusted_proxies",),
        convert=to.trusted,
        words="the client's address is taken from trusted proxies too, not the scheme alone",
    ),
    Entry("secure_scheme_headers", words="--forwarded-fields says which fields a trusted proxy writes"),
    Entry("forwarder_headers", ("--forwarder-headers",), words="--root-path and --forwarded-fields say it"),
    Entry(
        "header_map",
        ("--header-map",),
        words="fields with underscores are dropped for WSGI, as the default there",
    ),
    Entry(
        "proxy_protocol",
        ("--proxy-protocol",),
        Takes.PERHAPS,
        ("proxy_protocol",),
        convert=to.on_or_off,
        words="version 1 or 2, told apart by looking; only from --trusted-proxies",
    ),
    Entry("proxy_allow_ips", ("--proxy-allow-from",), ours=("trusted_proxies",), convert=to.trusted),
    Entry("root_path", ("--root-path",), ours=("root_path",)),
    Entry("protocol", ("--protocol",), words=NO_UWSGI),
    Entry("uwsgi_allow_ips", ("--uwsgi-allow-from",), words=NO_UWSGI),
    # ---- TLS and HTTP/2
    Entry("certfile", ("--certfile",), ours=("certfile",), convert=to.several),
    Entry("keyfile", ("--keyfile",), ours=("keyfile",), convert=to.several),
    Entry("ca_certs", ("--ca-certs",), ours=("client_ca",)),
    Entry("cert_reqs", ("--cert-reqs",), ours=("client_certificate",), convert=to.client_certificate),
    Entry("ciphers", ("--ciphers",), words=TABLES),
    Entry("ssl_version", ("--ssl-version",), words="TLS 1.2 and 1.3"),
    Entry("ssl_context", words=TABLES),
    Entry(
        "do_handshake_on_connect",
        ("--do-handshake-on-connect",),
        Takes.NOTHING,
        words="a handshake never holds up others",
    ),
    Entry(
        "suppress_ragged_eofs",
        ("--suppress-ragged-eofs",),
        Takes.NOTHING,
        words="an end without close_notify is not one of a request",
    ),
    Entry("http_protocols", ("--http-protocols",), ours=("http2",), convert=protocols),
    Entry(
        "http2_cleartext",
        ("--http2-cleartext",),
        ours=("http2",),
        convert=lambda t, e, v: t.set("http2", "on" if v not in ("off", False) else "off", shown_as(e, v)),
    ),
    Entry("http2_max_concurrent_streams", ("--http2-max-concurrent-streams",), ours=("http2_streams",)),
    Entry(
        "http2_initial_window_size",
        ("--http2-initial-window-size",),
        words="windows follow what the application has read",
    ),
    Entry("http2_max_frame_size", ("--http2-max-frame-size",), words="16,384 bytes, the protocol's own"),
    Entry("http2_max_header_list_size", ("--http2-max-header-list-size",), ours=("limit_head",)),
    # ---- ASGI
    Entry("asgi_loop", ("--asgi-loop",), words="it is asyncio's own loop, whose selector is the engine"),
    Entry("asgi_lifespan", ("--asgi-lifespan",), words="an application that has none is served without"),
    Entry(
        "asgi_disconnect_grace_period",
        ("--asgi-disconnect-grace-period",),
        words="a handler hears at once that its client is gone, and is not cancelled",
    ),
    Entry("websocket_max_message_size", ("--websocket-max-message-size",), ours=("websocket_message",)),
    # ---- strictness
    Entry("http_parser", ("--http-parser",), words="there is one, compiled"),
    Entry("permit_obsolete_folding", ("--permit-obsolete-folding",), Takes.NOTHING, words=STRICT),
    Entry(
        "permit_unconventional_http_method",
        ("--permit-unconventional-http-method",),
        Takes.NOTHING,
        words="every method that is a token is taken",
    ),
    Entry(
        "permit_unconventional_http_version",
        ("--permit-unconventional-http-version",),
        Takes.NOTHING,
        words=STRICT,
    ),
    Entry(
        "casefold_http_method",
        ("--casefold-http-method",),
        Takes.NOTHING,
        words="methods are passed on as they came (RFC 9110 section 9.1)",
    ),
    Entry("strip_header_spaces", ("--strip-header-spaces",), Takes.NOTHING, words=STRICT),
    # ---- control socket
    Entry(
        "control_socket",
        ("--control-socket",),
        ours=("control",),
        words="gearshift status, top and shift ask it",
    ),
    Entry(
        "control_socket_disable",
        ("--no-control-socket",),
        Takes.NOTHING,
        words="there is always one, for its user alone",
    ),
    Entry("control_socket_mode", ("--control-socket-mode",), words="always 600"),
    # ---- processes for long tasks
    Entry("dirty_apps", ("--dirty-app",), Takes.SEVERAL, words=NO_DIRTY),
    Entry("dirty_workers", ("--dirty-workers",), words=NO_DIRTY),
    Entry("dirty_threads", ("--dirty-threads",), words=NO_DIRTY),
    Entry("dirty_timeout", ("--dirty-timeout",), words=NO_DIRTY),
    Entry("dirty_graceful_timeout", ("--dirty-graceful-timeout",), words=NO_DIRTY),
    Entry(
        "post_fork",
        words="os.register_at_fork(after_in_child=...) does it where --preload-app shares what must not be shared;"
        " without that each worker imports the application by itself",
    ),
    *map(
        hook,
        (
            "on_starting",
            "on_reload",
            "when_ready",
            "pre_fork",
            "post_worker_init",
            "worker_int",
            "worker_abort",
            "pre_exec",
            "pre_request",
            "post_request",
            "child_exit",
            "worker_exit",
            "nworkers_changed",
            "on_exit",
            "on_dirty_starting",
            "dirty_post_fork",
            "dirty_worker_init",
            "dirty_worker_exit",
        ),
    ),
)


def unsaid(translation: Translation, said: Container[str]) -> None:
    """What gunicorn does where nothing is said, and Gearshift does otherwise."""
    if "bind" not in said:
        translation.set("bind", [f"127.0.0.1:{to.DEFAULT_PORT}"], "gunicorn's default address")
    if "worker_class" not in said and "threads" not in said:
        translation.set("engine", "pool", "gunicorn's default worker")
        translation.set("threads", 1, "gunicorn's default worker")
        translation.differs(
            "(no worker class)",
            "one thread, as the sync worker; more, or --engine auto, where the code allows it",
        )
