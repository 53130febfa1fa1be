"""The WebSocket protocol (RFC 6455) and its compression (RFC 7692), without sockets, threads or clocks."""
