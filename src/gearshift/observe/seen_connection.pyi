"""The typed face of seen_connection.py."""

from gearshift.connection import Connection
from gearshift.exchange import Exchange

def seen(connection: Connection) -> tuple[str, float, bytes | None, bytes | None, Exchange | None]: ...
def spoken(connection: Connection) -> str | None: ...
