"""The typed face of socket_row.py."""

def socket_row(
    fd: int,
) -> tuple[int | None, str | None, str | None, float | None, int | None, int | None, int | None]:
    """What the kernel knows of one connected socket."""
