"""The lab: what is said of sockets, queues, threads and engines, tried on the kernel that runs here."""
