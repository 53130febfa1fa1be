"""What a peer may ask of the parser: sizes in bytes, counts where it says so."""

import cython


class Limits:
    """The largest head, field, target and body that are accepted.

    Parameters: `head`, `field`, `target` and `body` in bytes, `fields` as a count. All must be positive.
    """

    def __init__(
        self,
        head: cython.Py_ssize_t = 65536,
        fields: cython.Py_ssize_t = 128,
        field: cython.Py_ssize_t = 16384,
        target: cython.Py_ssize_t = 8192,
        body: cython.longlong = 2147483648,
    ):
        if min(head, fields, field, target) < 1 or body < 0:
            raise ValueError("limits must be positive; only that of bodies may be 0")
        self.head = head
        self.fields = fields
        self.field = field
        self.target = target
        self.body = body
