"""The typed face of readiness.py."""

from gearshift.engines.draining import DrainingLoop

class ReadinessLoop(DrainingLoop):
    """The turns of one epoll instance."""
