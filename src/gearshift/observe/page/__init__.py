"""The status page: what an Observer sees, in a browser, from a listener and an engine of its own."""
