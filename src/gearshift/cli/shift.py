"""`gearshift shift`: changes the engine of a running server."""

from __future__ import annotations

from gearshift.cli.asking import server_meant
from gearshift.cli.output import write
from gearshift.control.client import ask
from gearshift.errors import WrongValueError
from gearshift.settings.catalogue import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, object]) -> int:
    """Tells the server and prints what has become of it; the exit code. Raises GearshiftError."""
    declared = Settings.declarations()
    try:
        engine = declared["engine"].from_text(str(flags["engine"]))
    except WrongValueError as error:
        raise error.at("shift") from None
    threads = declared["threads"].from_text(str(flags["threads"])) if "threads" in flags else None
    reply = ask(server_meant(flags), "shift", engine=engine, threads=threads)
    write(f"shifted from {reply['from']} to {reply['engine']}{_in_words(reply)}\n")
    return 0


def _in_words(reply: Mapping[str, object]) -> str:
    threads = f" with {reply['threads']} threads" if reply["engine"] in ("pool", "auto") else ""
    left = reply["connections_left"]
    if not left:
        return f"{threads}; every connection has been handed over"
    if left == 1:
        return f"{threads}; 1 connection follows as soon as what runs on it is answered"
    return f"{threads}; {left} connections follow as soon as what runs on them is answered"
