# Compiled for its access to what a connection keeps to itself; nothing here is called from C.
