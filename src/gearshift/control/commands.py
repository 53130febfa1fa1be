"""What a server does when its control socket is told to, by the commands' names."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gearshift.control.server import Command
    from gearshift.server import Serving


def commands_of(serving: Serving) -> Mapping[str, Command]:
    """Each takes a request and gives the reply."""
    observer = serving.observer

    def shift(request: dict[str, Any]) -> dict[str, Any]:
        former, left = serving.shift(request.get("engine", ""), request.get("threads"))
        gear = serving.gear
        return {"from": former, "engine": gear.name, "threads": gear.threads, "connections_left": left}

    def status(request: dict[str, Any]) -> dict[str, Any]:
        return observer.status()

    def history(request: dict[str, Any]) -> dict[str, Any]:
        return observer.history(request.get("since", 0.0))

    def close(request: dict[str, Any]) -> dict[str, Any]:
        observer.close_connection(request.get("number", 0))
        return {}

    def stacks(request: dict[str, Any]) -> dict[str, Any]:
        return {"threads": observer.stacks()}

    return {"shift": shift, "status": status, "history": history, "close": close, "stacks": stacks}
