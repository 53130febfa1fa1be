"""The typed face of opening.py: everything in it is called from compiled code."""
