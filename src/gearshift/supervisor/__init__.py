"""Several processes that serve, and one above them that starts, replaces, recycles and ends them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gearshift.settings import Settings


def supervise(settings: Settings, read: Callable[[], Settings]) -> int:
    """What `gearshift serve --workers` does; the exit code. read: the settings as they are said now.

    Raises GearshiftError for what can't be served.
    """
    from gearshift.supervisor.supervisor import Supervisor

    return Supervisor(settings, read).run()
