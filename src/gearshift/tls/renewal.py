"""A changed certificate is taken without a restart: the files are looked at once a second, in a thread of their own.

Not by the threads that serve, since reading keys takes milliseconds; and not before two looks have found the same,
since whoever renews a certificate writes two files one after the other.
"""

from __future__ import annotations

from threading import Event, Thread

from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.observe.error_log import ErrorLog
    from gearshift.tls.keyring import Keyring, Stamp

EVERY = 1.0  # seconds


class Renewal:
    """Looks after a keyring until stop()."""

    def __init__(self, keyring: Keyring, error_log: ErrorLog) -> None:
        self._keyring = keyring
        self._error_log = error_log
        self._seen: Stamp = keyring.stamp
        self._judged: Stamp = keyring.stamp  # the state that is in use, or was refused
        self._ended = Event()
        self._thread = Thread(target=self._run, name="certificates", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. May be called again."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            self.look()

    def look(self) -> None:
        """One look: takes files that have changed and rest now. What can't be taken is told once, and is not used."""
        found = self._keyring.look()
        settled, self._seen = found == self._seen, found
        if not settled or found == self._judged:
            return
        self._judged = found
        try:
            self._keyring.renew()
        except SettingError as error:
            self._error_log.error(f"the changed certificates are not taken, the former stay in use: {error}")
        else:
            self._error_log.info("the certificates have changed: new connections get the new ones")
