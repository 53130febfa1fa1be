"""The typed face of draining.py."""

from gearshift.engines.accepting import AcceptingLoop

class DrainingLoop(AcceptingLoop):
    """An accepting loop that can come to its end."""

    @property
    def cut(self) -> bool: ...
