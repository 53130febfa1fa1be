"""Every setting of Gearshift, declared here and nowhere else."""

from __future__ import annotations

from gearshift.settings.declaration import (
    Addresses,
    Choice,
    DatagramAddresses,
    FilePath,
    Group,
    HandlerName,
    OneAddress,
    Seconds,
    Secret,
    Switch,
    Text,
    UrlPaths,
    WholeNumber,
)
from gearshift.settings.in_front import Codings, FileMode, ForwardingFields, Networks, Owner, RootPath
from gearshift.settings.process_count import ProcessCount
from gearshift.settings.resolved import Resolved
from gearshift.settings.several_files import FilePaths, FilePatterns, Folders

# listen() takes an int.
LARGEST_BACKLOG = 2**31 - 1
# The parser counts within a head in 32 bits.
LARGEST_HEAD = 2**30


class Settings(Resolved):
    """All settings of one server, resolved and immutable."""

    __slots__ = ()

    app = Text(
        Group.APPLICATION,
        "",
        "What to serve: module:attribute, module:factory(), a folder, or nothing for the built-in page.",
        positional=True,
    )
    interface = Choice(
        Group.APPLICATION,
        "auto",
        "How the application is called; auto tells WSGI from ASGI by looking at it.",
        choices=("auto", "wsgi", "asgi"),
    )

    tcp = HandlerName(
        Group.APPLICATION,
        "",
        "A raw TCP handler: module:Handler, echo, discard or chat. Without APP it listens on --bind.",
    )
    udp = HandlerName(
        Group.APPLICATION,
        "",
        "A raw UDP handler: module:Handler, echo or discard. Without APP it receives on --bind.",
    )

    reload = Switch(
        Group.DEVELOPMENT,
        False,
        "Start anew when a source file changes; a page with the traceback where it can't be imported. Needs"
        " gearshift[reload].",
        command_line_only=True,
    )
    reload_dir = Folders(
        Group.DEVELOPMENT,
        (),
        "A folder to watch instead of the current one. May be given several times.",
        command_line_only=True,
    )
    reload_include = FilePatterns(
        Group.DEVELOPMENT,
        (),
        "Files to watch besides *.py. May be given several times.",
        command_line_only=True,
    )
    reload_exclude = FilePatterns(
        Group.DEVELOPMENT,
        (),
        "Files or folders not to watch, besides the usual ones (.git, __pycache__, .venv, node_modules...).",
        command_line_only=True,
    )

    bind = Addresses(
        Group.LISTENING,
        ("127.0.0.1:8088",),
        "Where to listen: HOST:PORT, [IPV6]:PORT, :PORT (every IPv4 address), unix:PATH, unix:@NAME (abstract), fd:N"
        " (inherited and listening), or systemd (its .socket units' sockets; systemd:NAME for one). May be given"
        " several times; with commas in the environment.",
    )
    tcp_bind = Addresses(
        Group.LISTENING,
        (),
        "Where the raw TCP handler listens, as --bind; beside an APP it must be said.",
    )
    udp_bind = DatagramAddresses(
        Group.LISTENING,
        (),
        "Where the raw UDP handler receives: HOST:PORT; beside an APP it must be said.",
    )
    backlog = WholeNumber(
        Group.LISTENING,
        2048,
        "Connections that may wait in the accept queue of each listener; the kernel clamps it to"
        " net.core.somaxconn.",
        unit="connections",
        maximum=LARGEST_BACKLOG,
    )

    unix_mode = FileMode(
        Group.LISTENING,
        "",
        "Permissions of the file of a Unix socket, such as 660, set before anybody can connect; else by the umask.",
    )
    unix_owner = Owner(
        Group.LISTENING,
        "",
        "Owner of the file of a Unix socket: USER, USER:GROUP or :GROUP, by name or number.",
    )

    http2 = Choice(
        Group.LISTENING,
        "on",
        "HTTP/2, to clients that begin with it.",
        choices=("on", "off"),
    )

    certfile = FilePaths(
        Group.TLS,
        (),
        "A certificate in PEM, those of its chain behind it: every TCP listener speaks TLS, Unix sockets and the status"
        " page don't. Several times for several names: clients get the one for the host they ask for, others the"
        " first. Changed files are taken without a restart.",
    )
    keyfile = FilePaths(
        Group.TLS,
        (),
        "The key of each certificate, in the same order; without it the key stands in the certificate's file.",
    )
    client_ca = FilePath(
        Group.TLS,
        "",
        "Certificates in PEM of those whose clients are trusted, for --client-certificate.",
    )
    client_certificate = Choice(
        Group.TLS,
        "off",
        "Whether clients show a certificate of their own; one that --client-ca has not signed ends the handshake.",
        choices=("off", "optional", "required"),
    )
    kernel_tls = Switch(
        Group.TLS,
        False,
        "From a connection's first large file on the kernel seals what is sent on it, so that files leave by sendfile"
        " (TLS 1.3 over HTTP/1.1; Linux with its module tls). Off by default, because it takes keys out of OpenSSL.",
    )

    trusted_proxies = Networks(
        Group.PROXY,
        (),
        "Whose word is taken about clients: an address, a network (10.0.0.0/8), unix for peers over Unix sockets."
        " Several with commas between, or several times. None by default.",
    )
    forwarded_fields = ForwardingFields(
        Group.PROXY,
        ("x-forwarded-for", "x-forwarded-proto"),
        "The fields that trusted proxies write: forwarded alone, or of x-forwarded-for, -proto, -host, -port, -prefix"
        " those that it never passes on from clients.",
    )
    proxy_protocol = Switch(
        Group.PROXY,
        False,
        "Trusted proxies begin each connection with the PROXY protocol, version 1 or 2; one that doesn't is closed.",
    )
    root_path = RootPath(
        Group.PROXY,
        "",
        "The path below which a proxy has put the application: ASGI's root_path, WSGI's SCRIPT_NAME.",
    )
    root_path_kept = Switch(
        Group.PROXY,
        False,
        "The proxy passes the root path on as a part of the path; by default it has taken it off.",
    )

    engine = Choice(
        Group.CONCURRENCY,
        "auto",
        "The concurrency model. auto runs quick requests inline and hands on those that take long.",
        choices=("thread", "pool", "epoll", "uring", "auto"),
    )
    threads = WholeNumber(
        Group.CONCURRENCY,
        16,
        "Threads that run handlers of WSGI, in the engines pool and auto.",
        unit="threads",
        maximum=100_000,
    )
    preload_threads = Switch(
        Group.CONCURRENCY, False, "Make the pool's threads at the start instead of on demand."
    )
    max_connections = WholeNumber(
        Group.CONCURRENCY, 10_000, "Connections open at once.", unit="connections", maximum=10_000_000
    )
    max_requests = WholeNumber(
        Group.CONCURRENCY,
        10_000,
        "Requests that run at once; those beyond it wait.",
        unit="requests",
        maximum=10_000_000,
    )
    max_waiting = WholeNumber(
        Group.CONCURRENCY,
        1000,
        "Requests that may wait for a thread, or for their turn to run; past it, 503 with Retry-After.",
        unit="requests",
        minimum=0,
        maximum=10_000_000,
    )
    queue_delay = Seconds(
        Group.CONCURRENCY,
        0.1,
        "A wait to run; where waits stay above it, overdue requests get 503 at once, newest go first.",
    )
    slow_request = Seconds(
        Group.CONCURRENCY,
        10.0,
        "A handler that runs longer is told in the error log, with its stack. 0 is off.",
        zero_is_off=True,
    )
    request_timeout = Seconds(
        Group.CONCURRENCY,
        0.0,
        "An ASGI application's handler that runs longer is cancelled: 503. Threads can't be. Off by default.",
        zero_is_off=True,
    )
    health = UrlPaths(
        Group.CONCURRENCY,
        (),
        "A path that the server itself answers, without queue or application: 200, and 503 while draining.",
    )

    workers = ProcessCount(
        Group.PROCESSES,
        0,
        "Processes that serve, under one that replaces them: on SIGHUP by new ones with application and"
        " configuration read anew, on SIGUSR2 by a new program. auto: one for each processor. 0: this process alone,"
        " which can do neither.",
    )
    preload_app = Switch(
        Group.PROCESSES,
        False,
        "Import the application once, before the workers are forked, so that they share its memory.",
    )
    listener_per_worker = Switch(
        Group.PROCESSES,
        False,
        "Give each worker an accept queue of its own (SO_REUSEPORT): connections are spread by their addresses, and"
        " those of a worker that is killed wait for the next one in its place.",
    )
    recycle_requests = WholeNumber(
        Group.PROCESSES,
        0,
        "Requests after which a worker is replaced, up to a tenth more by chance. 0 is off.",
        unit="requests",
        minimum=0,
    )
    recycle_age = Seconds(
        Group.PROCESSES,
        0.0,
        "How long a worker serves before it is replaced, up to a tenth more by chance. 0 is off.",
        zero_is_off=True,
    )
    recycle_memory = WholeNumber(
        Group.PROCESSES,
        0,
        "Resident memory past which a worker is replaced, up to a tenth more by chance. 0 is off.",
        unit="bytes",
        minimum=0,
    )

    limit_head = WholeNumber(
        Group.LIMITS, 65_536, "A request's whole head.", unit="bytes", minimum=256, maximum=LARGEST_HEAD
    )
    limit_fields = WholeNumber(
        Group.LIMITS, 128, "Header fields in a request.", unit="fields", maximum=LARGEST_HEAD
    )
    limit_field = WholeNumber(
        Group.LIMITS, 16_384, "One header field.", unit="bytes", minimum=64, maximum=LARGEST_HEAD
    )
    limit_target = WholeNumber(
        Group.LIMITS, 8192, "A request's target.", unit="bytes", minimum=16, maximum=LARGEST_HEAD
    )
    limit_body = WholeNumber(Group.LIMITS, 2_147_483_648, "A request's body.", unit="bytes", minimum=0)
    limit_body_memory = WholeNumber(
        Group.LIMITS,
        262_144,
        "A body kept in memory; larger ones go to a temporary file in engines that cannot block.",
        unit="bytes",
        minimum=0,
    )

    http2_streams = WholeNumber(
        Group.LIMITS,
        100,
        "Requests under way at once in one HTTP/2 connection.",
        unit="streams",
        maximum=1_000_000,
    )

    tcp_unsent = WholeNumber(
        Group.LIMITS,
        4_194_304,
        "What a raw TCP handler has sent and a client has not taken; past it the connection is reset.",
        unit="bytes",
    )

    timeout_head = Seconds(Group.TIMEOUTS, 10.0, "A request's head, from its first byte; then 408.")
    timeout_body = Seconds(Group.TIMEOUTS, 30.0, "A request's body without progress; then 408.")
    timeout_write = Seconds(Group.TIMEOUTS, 30.0, "A client that reads nothing of its answer; then closed.")
    timeout_keep_alive = Seconds(Group.TIMEOUTS, 75.0, "A connection between requests; then closed.")
    timeout_drain = Seconds(Group.TIMEOUTS, 30.0, "Answering what has been received when told to stop.")

    drain_delay = Seconds(
        Group.TIMEOUTS,
        0.0,
        "After SIGTERM, before draining: serving on while --health says 503, so that load balancers stop sending."
        " Off by default.",
        zero_is_off=True,
    )

    websocket_message = WholeNumber(
        Group.WEBSOCKETS,
        16_777_216,
        "A WebSocket message, decompressed; a longer one closes with 1009.",
        unit="bytes",
        maximum=2**31 - 1,
    )
    websocket_compression = Switch(
        Group.WEBSOCKETS, True, "Agree to permessage-deflate where a client offers it."
    )
    websocket_compress_from = WholeNumber(
        Group.WEBSOCKETS,
        256,
        "A WebSocket message that is compressed at least; shorter ones are sent as they are.",
        unit="bytes",
        minimum=0,
        maximum=2**31 - 1,
    )
    websocket_ping = Seconds(
        Group.WEBSOCKETS,
        20.0,
        "A WebSocket client that is silent so long is sent a ping. 0 is off.",
        zero_is_off=True,
    )
    websocket_patience = Seconds(
        Group.WEBSOCKETS,
        20.0,
        "A sign of life after a ping, or the answer to a close; then the connection ends.",
    )

    template = FilePath(
        Group.STATIC,
        "",
        "Folder whose files replace the built-in page; {{}} and named placeholders are filled.",
    )
    listing = Switch(Group.STATIC, False, "List the contents of served folders that have no index file.")

    compress = Codings(
        Group.COMPRESSION,
        (),
        "Content codings for answers, in the order of preference with commas between: zstd, br (both need"
        " gearshift[compress]), gzip. Off by default.",
    )
    compress_min = WholeNumber(
        Group.COMPRESSION, 1024, "The shortest body that is compressed.", unit="bytes", minimum=0
    )
    compress_private = Switch(
        Group.COMPRESSION,
        False,
        "Compress also where a request has cookies or credentials, or an answer sets cookies: it may leak secrets.",
    )

    access_log = FilePath(
        Group.LOGS,
        "",
        "File to which every request is written, - for standard output. Off by default.",
        dash=True,
    )
    access_log_format = Choice(
        Group.LOGS,
        "combined",
        "common and combined end with the duration in seconds; json has durations in milliseconds.",
        choices=("common", "combined", "json"),
    )
    error_log = FilePath(Group.LOGS, "-", "File for errors and tracebacks, - for standard error.", dash=True)
    monitor = Seconds(
        Group.LOGS,
        0.0,
        "Write the name and state of every thread to the error log at this interval. Off by default.",
        zero_is_off=True,
    )

    server_timing = Switch(
        Group.LOGS,
        False,
        "Answer with a Server-Timing field: the milliseconds in the queue and in the application.",
    )
    traces = Switch(
        Group.LOGS,
        False,
        "Make each request a span of OpenTelemetry's, exported as its OTEL_* variables say. Needs gearshift[traces].",
    )

    status = OneAddress(
        Group.STATUS,
        "",
        "Where the live status page listens: 127.0.0.1:8089, unix:PATH; beyond this machine only with a token."
        " Off by default.",
    )
    status_token = Secret(
        Group.STATUS,
        "",
        "What the status page asks for: as /?token=TOKEN once, then a cookie, or as Authorization: Bearer TOKEN."
        " In the environment it is not seen by others.",
    )

    control = FilePath(
        Group.CONFIGURATION,
        "",
        "Unix socket for gearshift shift and gearshift status. By default gearshift serve has one named after its"
        " process, and a Server in Python none.",
    )
    config = FilePath(
        Group.CONFIGURATION,
        "",
        "TOML file to read instead of the current folder's gearshift.toml or pyproject.toml.",
        command_line_only=True,
    )
