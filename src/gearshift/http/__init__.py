"""The protocol: bytes in, requests out, bytes out. No socket, thread, clock or event loop."""
