"""The application that answers with the files of a folder."""

from __future__ import annotations

from errno import EMFILE, ENFILE

from gearshift.apps.native import Answer, Responder
from gearshift.apps.static.cache import Cache, Representation, Resource
from gearshift.apps.static.conditions import Verdict, judge, range_holds
from gearshift.apps.static.containment import Root, relative_name
from gearshift.apps.static.encodings import IDENTITY, REFUSED, qualities
from gearshift.apps.static.loading import Loader
from gearshift.apps.static.notices import LISTING, OPTIONS, PREBUILT, VARY, Refused, notice
from gearshift.apps.static.ranges import parse_ranges, partial_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.apps.static.containment import Located
    from gearshift.exchange import Exchange
    from gearshift.http.request import Request

_INDEX = b"index.html"


class StaticFiles(Responder):
    """Serves a folder; may be called by many threads at once."""

    def __init__(self, root: str, listing: bool) -> None:
        """root: the folder. listing: whether a folder without index.html is shown as a list of its files.

        Raises SettingError where the folder cannot be served.
        """
        self.root = Root(root)
        self.listing = listing
        self.loader = Loader(self.root)
        self.cache = Cache()

    def respond(self, exchange: Exchange) -> Answer:
        """The answer to one request. Raises OSError for faults of the machine, such as an I/O error."""
        request = exchange.request
        turn = exchange.turn
        resource: Resource | None = self.cache.spelled.get(request.target)
        if resource is None or request.method != b"GET" or not resource.is_current(turn):
            prefix = b"" if exchange.origin is None else exchange.origin.prefix.encode()
            return self._respond_uncached(request, turn, prefix)
        return self._represent(request, resource)

    def close(self) -> None:
        """Let go of everything that is kept."""
        self.cache.clear()

    def _represent(self, request: Request, resource: Resource) -> Answer:
        """The answer from a resource that is current: which coding of it, and how much of that."""
        chosen = resource.identity
        if resource.variants:
            accepted = request.header(b"accept-encoding")
            if accepted is not None:
                liked = _most_liked(resource, qualities(accepted))
                if liked is None:
                    return notice(406, VARY)
                chosen = liked
        if not request.is_conditional:
            return chosen.answer
        return _conditional(request, chosen)

    def _respond_uncached(self, request: Request, turn: float, prefix: bytes) -> Answer:
        """Any answer at all: other methods, other spellings, what was never asked for or has changed.

        prefix: the path below which a proxy has put us.
        """
        if request.method not in (b"GET", b"HEAD"):
            return OPTIONS if request.method == b"OPTIONS" else PREBUILT[405]
        try:
            found = self._find(request, turn, prefix)
        except Refused as refused:
            return PREBUILT[refused.status]
        except OSError as error:
            if error.errno not in (EMFILE, ENFILE):
                raise
            self.cache.release_descriptors()
            return PREBUILT[503]
        return self._represent(request, found) if isinstance(found, Resource) else found

    def _find(self, request: Request, turn: float, prefix: bytes) -> Resource | Answer:
        """What the path stands for, kept or read now. Raises Refused where that is nothing."""
        path = request.path
        resource = self.cache.spelled.get(path)
        name = relative_name(path) if resource is None else resource.name
        if resource is None:
            resource = self.cache.named.get(name)
        if resource is not None:
            if resource.is_current(turn):
                return resource
            self.cache.forget(resource)
        located = self.root.locate(name)
        if located is None:
            raise Refused(404)
        with located:
            if located.is_folder:
                return self._find_in_folder(request, prefix, turn, name, located)
            if located.is_file:
                return self._load(path, turn, name, name, located)
        raise Refused(404)

    def _find_in_folder(
        self, request: Request, prefix: bytes, turn: float, name: bytes, folder: Located
    ) -> Resource | Answer:
        """The index of a folder, its listing, or the way to its real address, which ends with a slash."""
        path = request.path
        if name and not name.endswith(b"/"):
            # No empty segment got this far, so this cannot begin with the two slashes that name a host.
            query = request.query
            location = prefix + path + (b"/?" + query if query else b"/")
            return notice(301, b"Location: %s\r\n" % location)
        index = self.root.locate(name + _INDEX)
        if index is not None:
            with index:
                if index.is_file:
                    return self._load(path, turn, name, name + _INDEX, index)
        if not self.listing:
            raise Refused(404)
        from gearshift.apps.static.listing import list_folder  # for the few servers that show one

        return Answer(200, LISTING, list_folder(self.root, name, folder))

    def _load(self, path: bytes, turn: float, name: bytes, file: bytes, located: Located) -> Resource:
        resource = self.loader.load(name, path, file, located, turn)
        if resource.is_settled:
            self.cache.keep(resource)
        return resource


def _most_liked(resource: Resource, liked: dict[bytes, int]) -> Representation | None:
    """What has the highest quality, the first among equals; None where nothing is tolerated."""
    best = None
    highest = REFUSED
    for variant in resource.variants:
        if liked[variant.coding] > highest:
            best = variant
            highest = liked[variant.coding]
    return resource.identity if liked[IDENTITY] > highest else best


def _conditional(request: Request, chosen: Representation) -> Answer:
    """The answer where preconditions or a range may ask for another one than the whole file."""
    verdict = judge(request, chosen)
    if verdict is Verdict.FAILED:
        return notice(412, chosen.vary)
    if verdict is Verdict.NOT_MODIFIED:
        return chosen.not_modified
    wanted = request.header(b"range")
    if wanted is None or request.method != b"GET" or not range_holds(request, chosen):
        return chosen.answer
    spans = parse_ranges(wanted, chosen.size)
    return chosen.answer if spans is None else partial_answer(chosen, spans)
