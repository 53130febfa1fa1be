"""Values that are spelt otherwise, or mean several settings of ours."""

from __future__ import annotations

from gearshift.migrate.translation import shown_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.migrate.entry import Entry
    from gearshift.migrate.translation import Translation

EVERYBODY = ("0.0.0.0/0", "::/0")
DEFAULT_PORT = "8000"  # of gunicorn and uvicorn


def bind(translation: Translation, entry: Entry, value: Any) -> None:
    """gunicorn's addresses: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH, fd://N, a list of them."""
    for text in value if isinstance(value, list | tuple) else str(value).split(","):
        translation.set("bind", [address(text.strip())], shown_as(entry, text))


def address(text: str) -> str:
    """One of gunicorn's addresses in our spelling."""
    lowered = text.lower()
    if lowered.startswith("fd://"):
        return "fd:" + text[5:]
    for prefix in ("unix://", "unix:"):
        if lowered.startswith(prefix):
            return "unix:" + text[len(prefix) :]
    text = text.removeprefix("tcp://").removeprefix("http://")
    if text.isdigit():
        return f"0.0.0.0:{text}"
    if text.startswith("[") and text.endswith("]"):
        return f"{text}:{DEFAULT_PORT}"
    return text if ":" in text else f"{text}:{DEFAULT_PORT}"


def application(translation: Translation, entry: Entry, value: Any) -> None:
    """module:attribute; a factory's arguments can't be said here."""
    text = str(value)
    name, parenthesis, arguments = text.partition("(")
    if parenthesis and arguments.strip() != ")":
        translation.lose(
            text, "a factory is called without arguments: name a function that calls it with yours"
        )
        return
    translation.set("app", name + ("()" if parenthesis else ""), text)


def on_or_off(translation: Translation, entry: Entry, value: Any) -> None:
    """A switch, said as a word or a truth."""
    wanted = value not in (False, None, "", "off", "none", "no", "false", "0", 0)
    for name in entry.ours:
        translation.set(name, wanted, shown_as(entry, value))
    if wanted and entry.words:
        translation.differs(shown_as(entry, value), entry.words)


def positive(translation: Translation, entry: Entry, value: Any) -> None:
    """A number whose 0 means "no limit" or "off" there, and nothing here."""
    if str(value) in ("0", "0.0", "None"):
        translation.lose(
            shown_as(entry, value), f"0 is no limit there; {entry.ours[0].replace('_', ' ')} has one here"
        )
        return
    for name in entry.ours:
        translation.set(name, value, shown_as(entry, value))
    if entry.words:
        translation.differs(shown_as(entry, value), entry.words)


def trusted(translation: Translation, entry: Entry, value: Any) -> None:
    """Addresses of proxies, with commas between; * is everybody."""
    texts = value if isinstance(value, list | tuple) else str(value).split(",")
    addresses = [text.strip() for text in texts if text.strip()]
    said = shown_as(entry, value)
    if "*" in addresses:
        addresses = list(EVERYBODY)
        translation.differs(
            said, "everybody's word is taken: name the proxy's address, unless nobody else can connect"
        )
    if addresses:
        translation.set("trusted_proxies", addresses, said)
    if entry.words:
        translation.differs(said, entry.words)


def log_path(translation: Translation, entry: Entry, value: Any) -> None:
    for name in entry.ours:
        if value not in (None, ""):
            translation.set(name, str(value), shown_as(entry, value))


def variables(translation: Translation, entry: Entry, value: Any) -> None:
    """NAME=VALUE, several of them."""
    for text in value if isinstance(value, list | tuple) else [value]:
        name, _, content = str(text).partition("=")
        translation.environment[name] = content
    translation.differs(shown_as(entry, value), entry.words)


def python_path(translation: Translation, entry: Entry, value: Any) -> None:
    translation.environment["PYTHONPATH"] = str(value).replace(",", ":")
    translation.differs(shown_as(entry, value), entry.words)


def several(translation: Translation, entry: Entry, value: Any) -> None:
    """What is a list here."""
    texts = [str(text) for text in (value if isinstance(value, list | tuple) else [value])]
    for name in entry.ours:
        translation.set(name, texts, shown_as(entry, value))
    if entry.words:
        translation.differs(shown_as(entry, value), entry.words)


def client_certificate(translation: Translation, entry: Entry, value: Any) -> None:
    """ssl.VerifyMode: 0 none, 1 optional, 2 required; also by name."""
    word = str(value).rpartition(".")[2].rpartition("_")[2].lower()
    names = {"0": "off", "1": "optional", "2": "required", "none": "off"}
    translation.set("client_certificate", names.get(word, word), shown_as(entry, value))
