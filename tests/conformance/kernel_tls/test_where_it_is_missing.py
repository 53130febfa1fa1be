"""A kernel without TLS: it is said, and OpenSSL seals."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kernel_tls.sites import (
    ALGORITHMS,
    MEDIUM,
    WHY_NOT,
    sealed,
    sealer,
)
from tests.support.process import command, environment
from tests.support.sealed import EverythingSealed
from tests.support.servers import run
from tests.support.wire import request

pytestmark = pytest.mark.skipif(EverythingSealed.on, reason="these tests seal their connections themselves")


@pytest.mark.skipif(bool(ALGORITHMS), reason="this kernel has TLS")
def test_that_it_is_missing_is_told_and_openssl_serves(
    folder: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with run(folder, "epoll", tmp_path, **settings) as running:
        assert WHY_NOT in running.logged("--kernel-tls is not available: ")
        with sealed(running) as wire:
            assert wire.ask(request("/medium.bin")).body == MEDIUM
            assert sealer(running) == "openssl"


def test_without_a_certificate_it_is_refused(folder: str) -> None:
    done = subprocess.run(
        command("--kernel-tls", "--bind", "127.0.0.1:0", folder),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "gearshift: --certfile: found nothing, expected a certificate beside the other settings of TLS\n"
    )
