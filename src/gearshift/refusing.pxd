from gearshift.channel cimport Channel
from gearshift.exchange cimport Service

cdef int refuse_unread(Channel channel, Service service, int status, bytes text) except -1
