"""The typed face of readiness.py."""

from gearshift.engines.admission import AdmittingLoop

class ReadinessLoop(AdmittingLoop):
    """The turns of one epoll instance."""
