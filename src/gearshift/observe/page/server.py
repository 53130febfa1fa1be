"""The status listener and what answers there: an engine beside the one that serves, which answers while that can't.

It is Gearshift's own thread engine with an application of its own. With the server that it tells of it shares nothing:
other threads, other limits, other counts.
"""

from __future__ import annotations

import os
from threading import Thread

from gearshift.apps.native import NativeApplication
from gearshift.apps.own import OwnAnswers
from gearshift.apps.wsgi.application import WsgiApplication
from gearshift.counters import Counters
from gearshift.engines import Timeouts, Workplace, make_engine
from gearshift.errors import WrongValueError
from gearshift.exchange import Service
from gearshift.http.limits import Limits
from gearshift.listeners import open_listener, parse
from gearshift.listeners.address import Address, AddressKind
from gearshift.observe.page.admission import Admission, host_of, is_loopback
from gearshift.observe.page.application import StatusApplication
from gearshift.observe.page.seen import seen_for_page
from gearshift.observe.page.snapshots import Snapshots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.listeners import Listener
    from gearshift.observe.error_log import ErrorLog
    from gearshift.observe.page.seen import Seen
    from gearshift.settings import Settings

ENGINE = "thread"
MOST_CONNECTIONS = 64
BACKLOG = 64
TIMEOUTS = Timeouts(idle=75.0, head=10.0, body=10.0, write=10.0)
LIMITS = Limits(16_384, 64, 8192, 4096, 4096)  # head, fields, one field, target, body
GRACE = 0.2  # seconds in which answers that are being made are finished at the end
PATIENCE = 2.0  # seconds until a thread that does not end is left behind


class StatusServer:
    """Answers from when it is made until close(). Raises SettingError where it may not listen, ListenError where it
    can't.
    """

    def __init__(self, settings: Settings, observer: Seen, error_log: ErrorLog) -> None:
        address = parse(settings.status)
        if not settings.status_token:
            refuse_strangers(address, settings)
        self._listener = _listen(address)
        self._address = address
        try:
            self._begin(settings, observer, error_log)
        except BaseException:
            self._listener.close()
            raise

    def _begin(self, settings: Settings, observer: Seen, error_log: ErrorLog) -> None:
        admission = Admission(self._address, self._listener.address, settings.status_token)
        self._snapshots = Snapshots(lambda: seen_for_page(observer), error_log)
        application = StatusApplication(observer, self._snapshots, admission)
        service = Service(
            WsgiApplication(application, error_log),
            NativeApplication(OwnAnswers()),
            LIMITS,
            4096,
            error_log,
            None,
            ENGINE,
            None,
            counts=Counters(),
        )
        workplace = Workplace(
            service,
            [self._listener],
            TIMEOUTS,
            max_connections=MOST_CONNECTIONS,
            threads=1,
            preload=False,
            max_waiting=0,
        )
        self._engine = make_engine(ENGINE, workplace)
        self._thread = Thread(target=self._engine.run, name="status", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is; of a Unix socket its address."""
        url = self._listener.url
        return url if self._address.kind is AddressKind.UNIX else f"{url}/"

    @property
    def descriptors(self) -> int:
        """How many it holds: its listener, its wake-up, and one for each connection."""
        return 2 + int(self._engine.connections)

    def fileno(self) -> int:
        """Of its listening socket; -1 once it is closed."""
        return self._listener.fd

    def close(self) -> None:
        """Tells those who watch that it ends, and ends. May be called again."""
        self._snapshots.close()
        self._engine.drain(GRACE)
        self._thread.join(PATIENCE)
        self._listener.close()
        if not self._thread.is_alive():
            self._engine.close_descriptors()

    def abandon(self) -> None:
        """The process is about to be ended by force: removes the Unix socket's file."""
        self._listener.close()


def refuse_strangers(address: Address, settings: Settings) -> None:
    """Without a token only who is on this machine may look. Raises SettingError."""
    if address.kind is AddressKind.UNIX or is_loopback(host_of(address.text)):
        return
    source = settings.source("status")
    where = {"flag": "--status", "keyword": "status="}.get(source, source)
    if source.endswith(".toml"):
        where = f"status in {source}"
    expected = (
        "an address of this machine alone (127.0.0.1:PORT, [::1]:PORT, unix:PATH), or a --status-token too"
    )
    raise WrongValueError(where, f"{settings.status} and no token", expected)


def _listen(address: Address) -> Listener:
    """A Unix socket is opened for its user alone, as the control socket is."""
    if address.kind is not AddressKind.UNIX:
        return open_listener(address, BACKLOG)
    before = os.umask(0o177)
    try:
        return open_listener(address, BACKLOG)
    finally:
        os.umask(before)
