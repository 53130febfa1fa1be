"""One run of `gearshift load` against a server, and what the server used meanwhile."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time

from gearshift.bench.measurement import Sample
from gearshift.bench.processors import busy_seconds, on
from gearshift.bench.readings import Watch
from gearshift.errors import GearshiftError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.bench.measurement import Use
    from gearshift.bench.processors import Processors
    from gearshift.bench.served import Served

COMMAND = (sys.executable, "-P", "-m", "gearshift", "load")
LOOK_EVERY = 0.2  # seconds
TIMEOUT = 5.0  # seconds, for an answer
PATIENCE = 15.0  # seconds beyond those asked for: to connect, and for the answers that are awaited at the end


class LoadError(GearshiftError):
    """The load has not run as it was told to."""


class Load:
    """What is the same in every run.

    requests: the path of a file of them. connections: of each run. processors: the server's and the client's.
    """

    def __init__(self, requests: str, connections: int, processors: Processors) -> None:
        self._requests = requests
        self.connections = connections
        self._processors = processors

    def run(self, served: Served, seconds: float, rate: float = 0.0) -> Sample:
        """Loads the server. rate: requests a second that are due; 0 for a closed loop. Raises LoadError."""
        command = [*COMMAND, served.url, "--json"]
        command += ["--connections", str(self.connections), "--seconds", f"{seconds:.2f}"]
        command += [
            "--timeout",
            f"{TIMEOUT:g}",
            "--requests",
            self._requests,
            *(["--rate", f"{rate:.2f}"] if rate else []),
        ]
        before = _children_cpu()
        client_before = self._busy_beside_us()
        watch = Watch(served.processes, self._processors.server if self._processors.apart else None)
        told = self._watched(command, watch, seconds)
        use = watch.end()
        client = _children_cpu() - before
        foreign = max(self._busy_beside_us() - client_before - client, 0.0) if self._processors.apart else 0.0
        return _sample(told, rate, use, client, min(foreign / use.elapsed, 1.0))

    def _busy_beside_us(self) -> float:
        """Seconds that the client's processor has run anything but this process, which may run there too."""
        return (busy_seconds(self._processors.client) or 0.0) - time.process_time()

    def _watched(self, command: list[str], watch: Watch, seconds: float) -> dict[str, Any]:
        """Runs the command, looking at the server now and then; its result."""
        deadline = time.monotonic() + seconds + PATIENCE
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            with on(self._processors.client):
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
                )
            try:
                while not _ended(process):
                    watch.look()
                    if time.monotonic() > deadline:
                        raise LoadError(f"the load was not done {PATIENCE:g} s after its end")
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            output.seek(0)
            said = output.read()
            if not said:
                errors.seek(0)
                words = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                raise LoadError(
                    f"the load ended with {process.returncode}: {words.removeprefix('gearshift: ')}"
                )
            result: dict[str, Any] = json.loads(said)  # it ends with 1 where nothing was answered
            return result


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Waits a little for it."""
    try:
        process.wait(LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return False
    return True


def _sample(
    told: dict[str, Any], offered: float, use: Use, client_cpu: float, client_foreign_share: float
) -> Sample:
    """What the load has told in JSON, and what was seen of the server."""
    everything = told["requests"] + told["answered_late"]
    broken = sum(count for status, count in told["statuses"].items() if status.startswith("5"))
    seconds = told["seconds"]
    good = (everything - broken) / everything if everything else 0.0
    return Sample(
        offered,
        seconds,
        told["requests_per_second"] * good,
        everything - broken,
        sum(told["errors"].values()) + told["unanswered"] + broken,
        told["due_but_not_sent"],
        {name: value for name, value in told["latency_ms"].items() if value is not None},
        use,
        client_cpu / seconds if seconds else 0.0,
        client_foreign_share,
    )


def _children_cpu() -> float:
    """Of processes that have ended and been waited for, seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
