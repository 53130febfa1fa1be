"""The typed face of sleepers.py: all of it is for other compiled modules."""
