"""The typed face of head.py: its parser is called by the compiled core only."""
