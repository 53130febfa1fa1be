"""The typed face of limits.py."""

class Limits:
    """The largest head, field, target and body in bytes, and the most fields."""

    def __init__(
        self,
        head: int = 65536,
        fields: int = 128,
        field: int = 16384,
        target: int = 8192,
        body: int = 2147483648,
    ) -> None: ...
    @property
    def head(self) -> int: ...
    @property
    def fields(self) -> int: ...
    @property
    def field(self) -> int: ...
    @property
    def target(self) -> int: ...
    @property
    def body(self) -> int: ...
