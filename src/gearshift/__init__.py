"""Gearshift: a Python web server whose concurrency model is a switch and whose sockets are visible."""

from gearshift.version import __version__

__all__ = ["Server", "__version__", "connect", "serve"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.client import connect
    from gearshift.embedded import Server, serve


def __getattr__(name: str) -> object:
    """`serve`, `Server` and `connect` are imported when first used: the command line needs neither to show its help."""
    if name in ("Server", "serve"):
        from gearshift import embedded

        return getattr(embedded, name)
    if name == "connect":
        from gearshift.client import connect

        return connect
    raise AttributeError(f"module 'gearshift' has no attribute {name!r}")
