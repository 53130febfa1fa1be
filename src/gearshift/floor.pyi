"""The typed face of floor.py; its functions are called by compiled modules only."""

class Floor:
    """For `with`: this thread alone runs the server's code."""

    def __enter__(self) -> Floor: ...
    def __exit__(self, kind: object, value: object, traceback: object) -> None: ...

class Aside:
    """For `with`, a new one each time: without the floor meanwhile."""

    def __enter__(self) -> Aside: ...
    def __exit__(self, kind: object, value: object, traceback: object) -> None: ...

FLOOR: Floor
