"""Words in two languages, side by side, and which of them a reader gets."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Language(Enum):
    """The value is the word on the command line; `tag` is what HTML's lang attribute says (RFC 5646)."""

    ENGLISH = "en"
    CHINESE = "zh"

    @property
    def tag(self) -> str:
        return "zh-Hans" if self is Language.CHINESE else "en"


class Text(NamedTuple):
    """The same said in English and in Simplified Chinese."""

    en: str
    zh: str

    def format(self, **values: object) -> Text:
        """Both with the values in place of their {names}."""
        return Text(self.en.format(**values), self.zh.format(**values))


Words = str | Text  # a plain string reads the same in every language: a name, a number, a program's output


def said(words: Words, language: Language) -> str:
    """The words as a reader of that language reads them."""
    if isinstance(words, str):
        return words
    return words.zh if language is Language.CHINESE else words.en
