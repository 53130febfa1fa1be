"""The cases of h2spec 2.6, told anew: what a client does, and what must come of it (RFC 7540, 7541, 9113).

h2spec's own numbers are kept, so that its list can be laid beside this one.
"""

from tests.conformance.http2.cases import connections, frames, generic, header_tables, messages
from tests.conformance.http2.cases.known import CASES, Case

__all__ = ["CASES", "Case", "connections", "frames", "generic", "header_tables", "messages"]
