"""Sealing is left to the kernel, connection by connection: whether it can be, and the moment when it is.

OpenSSL keeps reading; only what the server sends is the kernel's. For that the server's traffic secret is overheard in
the handshake (tls/key_log.py), and the session counts the records that OpenSSL has sealed under it (tls/session.py).
"""

from __future__ import annotations

from errno import ENOTCONN
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from gearshift.kernel.tls import ALGORITHMS, seal_in_kernel, sealable
from gearshift.tls.key_log import KeyLog
from gearshift.tls.key_schedule import traffic_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.observe.error_log import ErrorLog
    from gearshift.tls.key_log import Secret

# By OpenSSL's names: the hash of the key schedule (RFC 8446 appendix B.4), and the kernel's algorithm.
SUITES = {
    "TLS_AES_128_GCM_SHA256": ("sha256", "AES-128-GCM"),
    "TLS_AES_256_GCM_SHA384": ("sha384", "AES-256-GCM"),
    "TLS_CHACHA20_POLY1305_SHA256": ("sha256", "CHACHA20-POLY1305"),
}


class Offload:
    """What one server leaves to the kernel. algorithms: those it takes. log: where its handshakes tell secrets."""

    def __init__(self, algorithms: frozenset[str], error_log: ErrorLog) -> None:
        self._algorithms = algorithms
        self._error_log = error_log
        self._told = False
        self.log = KeyLog()

    def suits(self, version: str, cipher: str) -> bool:
        """Whether the kernel can seal what was agreed on."""
        return version == "TLSv1.3" and cipher in SUITES and SUITES[cipher][1] in self._algorithms

    def take_over(self, fd: int, cipher: str, secret: Secret, records: int) -> bool:
        """From the next byte on the kernel seals. records: sealed with this secret so far. False: it does not."""
        hash_name, algorithm = SUITES[cipher]
        try:
            key, iv = traffic_keys(hash_name, secret, ALGORITHMS[algorithm].key_size)
            seal_in_kernel(fd, algorithm, key, iv, records)
        except OSError as error:
            # ENOTCONN: the peer has finished sending, and the kernel begins only on a connection that is whole.
            if error.errno != ENOTCONN and not self._told:
                self._told = True
                self._error_log.warning(
                    f"kernel TLS: {error.strerror}; OpenSSL seals this connection, and others that fail so"
                )
            return False
        return True


def offload_to_be_had(error_log: ErrorLog) -> Offload | None:
    """None where the kernel seals nothing, or OpenSSL's secrets can't be heard: the error log hears why."""
    algorithms, why = sealable()
    if algorithms and not hasattr(SSLContext, "keylog_filename"):
        why = "Python's ssl was built with an OpenSSL that has no key log"
    elif algorithms:
        try:
            offload = Offload(algorithms, error_log)
            offload.log.hear(SSLContext(PROTOCOL_TLS_SERVER))
        except OSError as error:  # no descriptors, no /proc
            why = (
                f"there can be no pipe for OpenSSL's secrets: {(error.strerror or 'no reason given').lower()}"
            )
        else:
            return offload
    error_log.warning(f"--kernel-tls is not available: {why}; OpenSSL seals everything")
    return None
