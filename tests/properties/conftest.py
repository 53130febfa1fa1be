"""How hypothesis runs here: a loaded machine may be slow, which is no flaw of the code."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
