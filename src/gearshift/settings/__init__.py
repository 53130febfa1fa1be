"""What the user says: every setting declared once, resolved from flags, environment, file and defaults."""

from gearshift.settings.catalogue import Settings
from gearshift.settings.sources import resolve

__all__ = ["Settings", "resolve"]
