cpdef tuple socket_row(int fd)
cdef str _local(int fd)
cdef object _asked(int fd, unsigned long request)
