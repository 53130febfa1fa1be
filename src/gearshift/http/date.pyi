"""The typed face of date.py."""

class DateLine:
    """The Date field's line for the second it was last shown."""

    def show(self, second: int) -> None: ...
    def __bytes__(self) -> bytes: ...
