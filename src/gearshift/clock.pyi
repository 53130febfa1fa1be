"""The typed face of clock.py: its functions are called by compiled modules only."""
