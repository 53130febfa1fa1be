"""The typed face of header_table.py."""

MOST_NAMES: int

class HeaderTable:
    """A small learning table of header names; used by compiled modules only."""
