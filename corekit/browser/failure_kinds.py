"""What can be said about every failure of one name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MAX_VALUE: Final = 200
_ANY_ORIGIN: Final = "the page's origin"


@dataclass(frozen=True, slots=True)
class FailureKind:
    """What can be said about every failure of one name.

    `message` is a template: ``{origin}`` is the page's origin, ``{value}`` the value that caused
    the failure, in quotes, ``{token}`` the same without quotes (a method, a header name, a status);
    ``{response}`` and ``{act}`` depend on `of_preflight`. `unknown` is the text for a value that is
    missing or not known. `advice` is the template of the hint, in which ``{added}`` is what to add:
    the page's origin or the value, or the words in `added` if it is not known. `chromium` and
    `webkit` are the messages in the console, in which ``{}`` differs from call to call;
    ``chromium_variant` is what another API prints. `firefox` are Firefox's names for the failure.
    """

    name: str
    message: str
    advice: str
    unknown: str = ""
    added: str = ""
    is_cors: bool = True
    of_preflight: bool = False
    chromium: str = ""
    chromium_variant: str = ""
    webkit: str = ""
    firefox: tuple[str, ...] = ()

    def describe(self, origin: str = _ANY_ORIGIN, value: str | None = None) -> str:
        """Return the message about a page of `origin` and a value.

        >>> FailureKind("A", "{value} is not {origin}.", "").describe(value="null")
        "'null' is not the page's origin."
        """
        if value is None:
            quoted = token = self.unknown
        else:
            token = _bound(value)
            quoted = ascii(token)
        response, act = "response", "read it"
        if self.of_preflight:
            response, act = "preflight response", "send the request"
        return self.message.format(
            origin=origin, value=quoted, token=token, response=response, act=act
        )

    def advise(self, added: str | None = None) -> str:
        """Return the hint with the name of what to add.

        >>> kind = FailureKind("A", "", "Add {added}.", added="the method")
        >>> kind.hint, kind.advise("PUT")
        ('Add the method.', "Add 'PUT'.")
        """
        return self.advice.format(added=self.added if added is None else ascii(_bound(added)))

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.advise()


def _bound(value: str) -> str:
    return value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}..."
