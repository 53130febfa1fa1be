# Compiled for what an Exchange has that Python does not see.
from gearshift.channel cimport Channel
from gearshift.exchange cimport Exchange
from gearshift.http.response cimport Response

cpdef object client_of(Exchange exchange)
cpdef object access_entry(Exchange exchange)
cpdef object refusal_entry(Channel channel, str engine, Response response)
cpdef dict slow_request(Exchange exchange, double queue, double handler, double now)
