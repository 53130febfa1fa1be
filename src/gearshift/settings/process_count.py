"""The kind of setting that says how many processes there are to be."""

from __future__ import annotations

from gearshift.settings.declaration import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.settings.declaration import Bearer


class ProcessCount(Setting):
    """A number of processes, or "auto": as many as there are processors for them."""

    metavar = "N|auto"
    most = 1024

    def __get__(self, bearer: Bearer | None, owner: type) -> int | str:
        value: int | str = self.of(bearer)
        return value

    @property
    def expected(self) -> str:
        return f"auto, or a whole number of processes from 0 to {self.most}"

    def from_text(self, text: str) -> int | str:
        if text.isascii() and text.isdigit() and len(text) <= 4:
            return self.from_value(int(text))
        return self.from_value(text)

    def from_value(self, value: object) -> int | str:
        if value == "auto":
            return "auto"
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= self.most:
            raise self.wrong(value)
        return value
