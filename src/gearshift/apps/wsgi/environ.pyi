"""The typed face of environ.py."""

from gearshift.apps.header_table import HeaderTable
from gearshift.apps.wsgi.errors_stream import ErrorsStream
from gearshift.apps.wsgi.file_wrapper import FileWrapper

class EnvironBuilder(HeaderTable):
    """Makes environs; one for each engine thread, since it learns without a lock."""

    def __init__(
        self, errors: ErrorsStream, file_wrapper: type[FileWrapper], concurrent: bool, in_processes: bool
    ) -> None: ...
