"""The typed face of peer.py: its functions are called by the compiled client only."""
