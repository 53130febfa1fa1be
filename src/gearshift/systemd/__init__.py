"""What systemd says to a service and hears of it: sockets that it has opened, readiness, the watchdog."""
