"""What a client would take: the Accept headers of RFC 9110 §12.5."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

__all__ = ["Preference", "preferences", "takes_coding", "takes_html"]


@dataclass(frozen=True)
class Preference:
    """One member of such a header: a media range or a content coding, and how much it is wanted."""

    text: str

    @cached_property
    def kind(self) -> str:
        """`text/html`, `text/*`, `gzip` … in lower case."""
        return self.text.partition(";")[0].strip().lower()

    @cached_property
    def quality(self) -> float:
        """0 (not at all) to 1."""
        for part in self.text.split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "q":
                try:
                    return float(value)
                except ValueError:
                    return 0.0
        return 1.0

    def matches(self, media: str) -> int:
        """How specifically a media type: 3 exactly, 2 by its type, 1 by anything, 0 not at all."""
        if self.kind == media:
            return 3
        if self.kind == media.partition("/")[0] + "/*":
            return 2
        return 1 if self.kind == "*/*" else 0


def preferences(header: str) -> list[Preference]:
    """The members of an Accept or Accept-Encoding header."""
    return [Preference(text) for text in header.split(",") if text.strip()]


def takes_html(accept: str) -> bool:
    """Whether a client says that it shows pages: a browser that goes somewhere names HTML, programs take anything."""
    return any(range_.matches("text/html") >= 2 and range_.quality > 0.0 for range_ in preferences(accept))


def takes_coding(accept_encoding: str, coding: str) -> bool:
    """Whether a client takes a content coding (`br`, `gzip`)."""
    wanted = {member.kind: member.quality for member in preferences(accept_encoding)}
    return wanted.get(coding, wanted.get("*", 0.0)) > 0.0
