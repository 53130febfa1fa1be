"""The typed face of admission.py."""

from gearshift.engines.draining import DrainingLoop

class AdmittingLoop(DrainingLoop):
    """A loop that lets requests run, or has them wait."""
