"""The result as one object, for programs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.bench.measurement import Measured, Sample
    from gearshift.bench.session import Result


def as_dict(result: Result) -> dict[str, Any]:
    """Everything measured and said: plain values. What isn't known is null."""
    verdict, told, outcome, ask = result.verdict, result.told, result.outcome, result.ask
    choice = verdict.choice
    return {
        "application": ask.application.name,
        "kind": ask.application.kind.value,
        "target_ms": ask.target,
        "seconds": round(outcome.seconds, 1),
        "interrupted": outcome.interrupted,
        "verdict": {
            "use": choice.candidate.flags if choice else None,
            "engine": choice.candidate.engine if choice else None,
            "threads": choice.candidate.threads or None if choice else None,
            "sure": verdict.sure,
            "equal": [one.candidate.name for one in verdict.equals],
            "words": [told.headline, *told.why, *([told.sure] if told.sure else []), *told.notes],
        },
        "requests": {
            "sent": len(result.requests.sent),
            "different": len(set(result.requests.sent)),
            "notes": result.requests.notes,
        },
        "connections": result.connections,
        "common_rate": outcome.common_rate or None,
        "candidates": [_measured(one) for one in outcome.measured],
        "left_out": [{"name": name, "reason": reason} for name, reason in outcome.left_out],
    }


def _measured(one: Measured) -> dict[str, Any]:
    return {
        "name": one.candidate.name,
        "server": one.candidate.server,
        "engine": one.candidate.engine or None,
        "threads_asked": one.candidate.threads or None,
        "sustained": one.sustained if one.brackets else None,
        "sustained_range": [one.lowest, one.highest] if one.brackets else None,
        "searches": len(one.brackets),
        "full_load": one.capacity if one.closed else None,
        "latency_ms": one.tails or None,
        "cpu_us": one.cpu_microseconds,
        "switches": one.switches,
        "threads": one.threads if one.runs else None,
        "memory_bytes": one.memory,
        "peak_memory_bytes": one.peak_memory,
        "note": one.note or None,
        "runs": [
            *(_run(sample, "closed") for sample in one.closed),
            *(_run(sample, "search") for sample in one.probes),
            *(_run(sample, "common") for sample in one.common),
        ],
    }


def _run(sample: Sample, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "offered": sample.offered or None,
        "seconds": sample.seconds,
        "rate": sample.rate,
        "answered": sample.answered,
        "failed": sample.failed,
        "latency_ms": sample.latency,
        "cpu_us": sample.cpu_microseconds,
        "switches": sample.switches,
        "threads": sample.use.threads,
        "unsent": sample.unsent,
        "busy_share": sample.busy_share,
        "foreign_share": sample.foreign_share,
        "client_share": sample.client_share,
    }
