"""How a fuzz target runs: by libFuzzer where atheris is installed, else by changing its corpus at random."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.properties.strategies import TEMPTATIONS

LONGEST_INPUT = 4096


def mutate(data: bytes, other: bytes, choices: random.Random) -> bytes:
    """The data with some of it changed, doubled, cut, replaced by what parsers fall for, or spliced with another."""
    for _ in range(choices.randrange(1, 6)):
        at = choices.randrange(len(data) + 1)
        kind = choices.randrange(7)
        if kind <= 1:
            data = data[:at] + choices.choice(TEMPTATIONS) + data[at:]
        elif kind == 2:
            data = data[:at] + bytes([choices.randrange(256)]) + data[at + 1 :]
        elif kind == 3:
            data = data[:at] + data[at + choices.randrange(1, 9) :]
        elif kind == 4:
            data = data[: at + choices.randrange(40)] + data[at:]
        elif kind == 5 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << choices.randrange(8)]) + data[at + 1 :]
        else:
            data = data[:at] + other[choices.randrange(len(other) + 1) :]
    return data[:LONGEST_INPUT]


def loop(seconds: float, seed: int, folder: Path, check: Callable[[bytes], None]) -> int:
    """Mutates the corpus for so many seconds; returns how many inputs were tried."""
    choices = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(folder.iterdir())]
    ends = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < ends:
        data = mutate(choices.choice(seeds), choices.choice(seeds), choices)
        tried += 1
        try:
            check(data)
        except BaseException:
            print(f"seed {seed}, input {tried}: {data!r}", file=sys.stderr)
            raise
    return tried


def run(purpose: str | None, folder: Path, check: Callable[[bytes], None]) -> None:
    """The command line of a target. purpose: its module's docstring."""
    parser = argparse.ArgumentParser(
        description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, help="mutate at random for so long, without atheris")
    parser.add_argument("--seed", type=int, default=0)
    options, others = parser.parse_known_args()
    if options.seconds is not None:
        print(f"{loop(options.seconds, options.seed, folder, check)} inputs, no flaw")
        return
    try:
        import atheris
    except ImportError:
        parser.error("atheris is not installed: give --seconds for a random run without it")
    atheris.Setup([sys.argv[0], *others], check)
    atheris.Fuzz()
