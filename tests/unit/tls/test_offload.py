"""Which connections the kernel could seal, and what is said where it won't."""

from __future__ import annotations

import socket

import pytest

from gearshift.kernel.tls import ALGORITHMS, sealable
from gearshift.tls.key_log import Secret
from gearshift.tls.offload import SUITES, Offload, offload_to_be_had


class Log:
    """An error log that keeps its warnings."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, text: str) -> None:
        self.said.append(text)


def of(*algorithms: str) -> tuple[Offload, Log]:
    log = Log()
    return Offload(frozenset(algorithms), log), log  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "cipher", "suits"),
    [
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256", True),
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384", False),  # the kernel has not got it
        ("TLSv1.3", "TLS_AES_128_CCM_SHA256", False),
        ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", False),
    ],
)
def test_what_suits(version: str, cipher: str, suits: bool) -> None:
    assert of("AES-128-GCM")[0].suits(version, cipher) == suits


def test_every_suite_is_one_that_kernels_have() -> None:
    assert {algorithm for _, algorithm in SUITES.values()} == set(ALGORITHMS)


def test_a_refusal_is_told_once() -> None:
    """A UDP socket has no TLS in any kernel."""
    offload, log = of(*ALGORITHMS)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for _ in range(2):
            assert not offload.take_over(sock.fileno(), "TLS_AES_128_GCM_SHA256", Secret(bytes(32)), 2)
    (said,) = log.said
    assert said.startswith("kernel TLS: ")


def test_a_peer_that_has_left_is_no_refusal() -> None:
    if not sealable()[0]:
        pytest.skip("no kernel TLS here")
    offload, log = of(*ALGORITHMS)
    with socket.socket() as sock:  # as little connected as one whose peer has finished
        assert not offload.take_over(sock.fileno(), "TLS_AES_128_GCM_SHA256", Secret(bytes(32)), 2)
    assert log.said == []


def test_what_is_to_be_had_is_what_the_kernel_takes() -> None:
    log = Log()
    offload = offload_to_be_had(log)  # type: ignore[arg-type]
    algorithms, why = sealable()
    if algorithms:
        assert offload is not None
        assert (why, log.said) == ("", [])
    else:
        assert offload is None
        (said,) = log.said
        assert said == f"--kernel-tls is not available: {why}; OpenSSL seals everything"
