"""Server-sent events: a snapshot a second to whoever watches, until they leave or the server ends."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gearshift.observe.page.rows import Selection
    from gearshift.observe.page.snapshots import Snapshots

RETRY = b"retry: 2000\n\n"  # milliseconds until a browser that has lost the stream asks again


class Events:
    """The body of one answer. over: called once nobody reads it any more."""

    def __init__(self, snapshots: Snapshots, selection: Selection, over: Callable[[], None]) -> None:
        self._snapshots = snapshots
        self._selection = selection
        self._over = over

    def __iter__(self) -> Iterator[bytes]:
        yield RETRY
        look = self._snapshots.latest()
        while look is not None:
            data = b"".join(look.written(self._selection))
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (look.number, look.kind, data)
            look = self._snapshots.after(look.number)
        yield b"event: ending\ndata: {}\n\n"

    def close(self) -> None:
        """Called by the server when the answer is over, whatever ended it."""
        self._over()
