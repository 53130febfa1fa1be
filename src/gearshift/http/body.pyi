"""The typed face of body.py: its parsers are called by the compiled core only."""

LONGEST_EXTENSIONS: int
