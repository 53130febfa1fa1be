"""The experiments by name, in the order in which they are best read."""

from __future__ import annotations

from importlib import import_module

from gearshift.errors import SettingError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gearshift.lab.experiment import Experiment

NAMES = (
    "sockets",
    "queues",
    "close",
    "threads",
    "pool-limit",
    "multiplex",
    "phases",
    "modes",
    "boundary",
    "http",
    "engines",
)
EVERYTHING = "all"


def experiment(name: str) -> Experiment:
    """The one of that name, which must be one of NAMES."""
    module = import_module(f"gearshift.lab.experiments.{name.replace('-', '_')}")
    found: Experiment = module.EXPERIMENT
    return found


def chosen(words: Sequence[str]) -> list[str]:
    """The names that the words mean, each once, in the catalogue's order. Raises SettingError."""
    for word in words:
        if word not in (*NAMES, EVERYTHING):
            raise SettingError(
                f"lab run: found no experiment {word!r}{did_you_mean(word, NAMES)},"
                f" expected {EVERYTHING} or one of {', '.join(NAMES)}"
            )
    return [name for name in NAMES if name in words or EVERYTHING in words]
