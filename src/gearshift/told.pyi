"""The typed face of told.py."""

from typing import Any

from gearshift.exchange import Exchange
from gearshift.observe.access_entry import AccessEntry

def client_of(exchange: Exchange) -> str: ...
def access_entry(exchange: Exchange) -> AccessEntry: ...
def slow_request(exchange: Exchange, queue: float, handler: float, now: float) -> dict[str, Any]: ...
