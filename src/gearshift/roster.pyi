"""The typed face of roster.py."""

from gearshift.connection import Connection

class Roster:
    """Every open connection of a server."""

    def all(self) -> list[Connection]: ...
    def in_hand(self) -> list[Connection]: ...
    def __len__(self) -> int: ...
