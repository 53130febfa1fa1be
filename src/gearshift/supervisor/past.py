"""The last hour of several workers as one. Each has looked once a second, at a moment of its own in it."""

from __future__ import annotations

from cmath import phase, rect
from math import pi

from gearshift.observe.history import RATES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Sample = Mapping[str, Any]

ADDED = ("requests", "running", "waiting", "shed", "connections")
QUEUES = ("accept_queue", "syn_queue", "drops")
AHEAD = 60.0  # seconds before those wanted, by which a worker's moment is known
LATE = 3.0  # seconds behind the others at which nobody waits for a worker's sample


def together(
    histories: Mapping[int, Mapping[str, Any]], since: float, own_queues: bool = False
) -> dict[str, Any]:
    """As docs/status-schema.md has `history`: the seconds after `since`, in Unix time, that all workers have told.

    histories: what each worker has kept, by its process, from `since - AHEAD` on. own_queues: each has accept queues of
    its own; else they see the same ones.
    """
    placed = [by_second(history["seconds"]) for history in histories.values() if history["seconds"]]
    newest = [max(samples) for samples in placed]
    told = min((second for second in newest if second >= max(newest) - LATE), default=0)
    wanted = sorted({second for samples in placed for second in samples if since < second <= told})
    return {
        "seconds": [
            _one(second, [samples[second] for samples in placed if second in samples], own_queues)
            for second in wanted
        ],
        "gaps": sorted(
            (
                {**gap, "worker": pid}
                for pid, history in histories.items()
                for gap in history["gaps"]
                if gap["at"] > since
            ),
            key=lambda gap: gap["at"],
        ),
    }


def by_second(samples: Sequence[Sample]) -> dict[int, Sample]:
    """Each by a whole second of Unix time. Where a worker looks near the turn of the second, two of its samples may
    have ended in one and none in the next: so what counts is how far each is from the moment at which it looks.
    """
    # The mean of angles, as 0.99 and 0.01 lie beside each other.
    mean = sum(rect(1.0, 2 * pi * (sample["at"] % 1.0)) for sample in samples)
    moment = phase(mean) / (2 * pi) % 1.0
    return {round(sample["at"] - moment): sample for sample in samples}


def _one(second: int, samples: Sequence[Sample], own_queues: bool) -> dict[str, Any]:
    """One second. A worker of which nothing is known adds nothing."""

    def known(name: str) -> Iterable[float]:
        return [sample[name] for sample in samples if sample[name] is not None]

    seen_by_all = RATES if own_queues else (*QUEUES, *RATES)
    return {
        "at": float(second),
        "covers_seconds": max(known("covers_seconds")),
        **{name: sum(known(name)) for name in ADDED},
        **{name: sum(known(name)) if known(name) else None for name in QUEUES if own_queues},
        **{name: max(known(name), default=None) for name in seen_by_all},
    }
