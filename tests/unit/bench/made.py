"""Measurements made of a few figures."""

from __future__ import annotations

from gearshift.bench.candidates import GEARSHIFT, Candidate
from gearshift.bench.measurement import Bracket, Measured, Sample, Use

MEBIBYTE = 1024 * 1024


def sample(
    rate: float = 1000.0,
    *,
    offered: float = 0.0,
    p99: float = 10.0,
    failed: int = 0,
    unsent: int = 0,
    cpu_us: float = 100.0,
    memory: int | None = 30 * MEBIBYTE,
    foreign: float = 0.0,
    client: float = 0.2,
) -> Sample:
    """One second of load. rate: answers a second."""
    answered = round(rate)
    use = Use(answered * cpu_us / 1e6, memory, memory, 5, 10 * answered, answered, foreign, 1.0)
    latency = {
        "p50": p99 / 4,
        "p75": p99 / 3,
        "p90": p99 / 2,
        "p99": p99,
        "p99_9": p99 * 2,
        "p99_99": p99 * 3,
    }
    everything = latency | {"max": p99 * 4, "mean": p99 / 3} if answered else {}
    return Sample(offered, 1.0, rate, answered, failed, unsent, everything, use, client)


def measured(
    engine: str,
    threads: int,
    rates: list[float],
    *,
    server: str = GEARSHIFT,
    cpu_us: float = 100.0,
    memory: int | None = 30 * MEBIBYTE,
    capacity: float | None = None,
) -> Measured:
    """One candidate. rates: what each search has come to; the next rate above it, by 5 %, did not hold."""
    full = capacity if capacity is not None else (max(rates) * 1.1 if rates else 1000.0)
    one = Measured(Candidate(server, engine, threads))
    one.closed.append(sample(full, cpu_us=cpu_us, memory=memory))
    one.brackets += [Bracket(rate, rate * 1.05) for rate in rates]
    one.probes += [sample(rate, offered=rate, cpu_us=cpu_us, memory=memory) for rate in rates if rate]
    if len(rates) > 1:
        one.common.append(sample(max(rates) * 0.6, offered=max(rates) * 0.6, cpu_us=cpu_us, memory=memory))
    return one
