"""The typed face of request_kinds.py."""

from gearshift.http.request import Request

def name_of(request: Request) -> str:
    """The kind in words: "GET /orders/*"."""
