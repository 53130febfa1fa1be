"""The typed face of refusing.py: its function is called by the compiled core only."""
