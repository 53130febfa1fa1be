"""The typed face of sequence.py."""

from collections.abc import Sequence as Several

class Sequence:
    """The requests of a load."""

    def __init__(self, texts: Several[bytes], to_head: Several[bool], at_once: int) -> None: ...
