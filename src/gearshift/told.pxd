# Compiled for what an Exchange has that Python does not see.
from gearshift.exchange cimport Exchange

cpdef object client_of(Exchange exchange)
cpdef object access_entry(Exchange exchange)
cpdef object tell_access(Exchange exchange, object log)
cpdef bytes server_timing(Exchange exchange)
cpdef dict slow_request(Exchange exchange, double queue, double handler, double now)
