"""The typed face of scope.py."""

from gearshift.apps.header_table import HeaderTable

class ScopeBuilder(HeaderTable):
    """Makes scopes; one for each engine thread, since it learns without a lock."""
