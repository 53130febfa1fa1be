"""The typed face of grammar.py: its functions are called by the compiled core only."""

TOKEN: frozenset[int]
HOST: frozenset[int]
