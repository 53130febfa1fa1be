"""The typed face of exchange.py."""

from typing import Any

from gearshift.conversation import RawApplication
from gearshift.counters import Counters
from gearshift.facts import ConnectionFacts
from gearshift.http.limits import Limits
from gearshift.http.request import Request
from gearshift.http.response import Response
from gearshift.observe.access_log import AccessLog
from gearshift.observe.error_log import ErrorLog
from gearshift.proxy.forwarding import Forwarding
from gearshift.proxy.origin import Origin
from gearshift.roster import Roster
from gearshift.times import Times

class ClientDisconnected(ConnectionError):
    """The client is gone: nothing more can be read from it or sent to it."""

class RequestRefused(ConnectionError):
    """The rest of the body can't be had: it was malformed, cut short or too late. The text says which."""

class RequestTimedOut(Exception):
    """The application was cancelled because it took longer than it may."""

class Service:
    """What all connections of one engine share: the application, the limits, the logs, the counts."""

    draining: bool
    def __init__(
        self,
        application: Application,
        own: Application,
        limits: Limits,
        body_memory: int,
        error_log: ErrorLog,
        access_log: AccessLog | None = None,
        engine: str = "",
        health: frozenset[bytes] | None = None,
        server_timing: bool = False,
        counts: Counters | None = None,
        times: Times | None = None,
        roster: Roster | None = None,
        wakes: bool = False,
        forwarding: Forwarding | None = None,
        compression: Any = None,
        http2: RawApplication | None = None,
    ) -> None: ...
    @property
    def application(self) -> Application: ...
    @property
    def own(self) -> Application: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def body_memory(self) -> int: ...
    @property
    def access_log(self) -> AccessLog | None: ...
    @property
    def error_log(self) -> ErrorLog: ...
    @property
    def engine(self) -> str: ...
    @property
    def health(self) -> frozenset[bytes] | None: ...
    @property
    def counts(self) -> Counters: ...
    @property
    def times(self) -> Times: ...
    @property
    def roster(self) -> Roster: ...
    @property
    def running(self) -> int: ...
    @property
    def wakes(self) -> bool: ...
    @property
    def forwarding(self) -> Forwarding | None: ...
    @property
    def compression(self) -> Any: ...
    @property
    def http2(self) -> RawApplication | None: ...
    @property
    def server_timing(self) -> bool: ...

class Application:
    """One application behind its interface (WSGI, ASGI, native)."""

    @property
    def asynchronous(self) -> bool: ...
    def local(self, concurrent: bool) -> Any: ...

class Exchange:
    """One request and its answer."""

    @property
    def service(self) -> Service: ...
    @property
    def request(self) -> Request: ...
    @property
    def response(self) -> Response: ...
    @property
    def stage(self) -> int: ...
    @property
    def called(self) -> float: ...
    @property
    def began(self) -> float: ...
    @property
    def origin(self) -> Origin | None: ...
    @property
    def peer_finished(self) -> bool: ...
    @property
    def lost(self) -> bool: ...
    @property
    def turn(self) -> float: ...
    def name_of_request(self) -> str: ...
    def facts(self) -> ConnectionFacts: ...
