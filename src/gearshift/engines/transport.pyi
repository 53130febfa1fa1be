"""The typed face of transport.py."""

from gearshift.connection import Connection

def hang_up(connection: Connection) -> bool:
    """Ends the connection from outside."""
