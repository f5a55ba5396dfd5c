"""An origin that a user typed, read as a browser would send it."""

from __future__ import annotations

from dataclasses import replace

from corekit._origins import ANY, is_serialized_origin
from corekit._spelling import canonical_spelling, find_misspelling
from corekit.diagnostics import Diagnostic, show


def read_origin(text: str, subject: str = "origin") -> tuple[str | None, Diagnostic | None]:
    """Return the origin that `text` means, and what is wrong with `text`, each None if unknown.

    The diagnostic is about `subject`, and None if browsers send the origin as it is written.

    >>> read_origin("https://app.example.com")
    ('https://app.example.com', None)
    >>> origin, problem = read_origin("App.example.com:443")
    >>> origin, problem.code
    ('https://app.example.com', 'malformed-origin')
    """
    if is_serialized_origin(text):
        return text, None
    origin = canonical_spelling(text)
    if ANY in (origin or text):
        message, hint = "A page has exactly one origin.", "Name one origin, not a pattern."
        return None, Diagnostic("malformed-origin", "error", message, hint, subject, text)
    example = "Write an origin such as https://app.example.com."
    hint = example if origin is None else f"Did you mean {show(origin)}?"
    return origin, replace(find_misspelling(text).problem(subject, text), hint=hint)
