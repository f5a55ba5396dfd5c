"""`corekit explain MESSAGE`: what a browser's message means, or a word of corekit's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from shlex import quote
from typing import Final

from rich.console import Console
from rich.text import Text

from corekit.explain import ConsoleMessage, read_message
from corekit.explain.codes import CODES, Meaning, find_code

from .output import CommandError, make_console, print_list, print_report, print_wrapped
from .sources import needing_django

_INDENT: Final = "   "
_SCRIPT_ERRORS: Final = ("failed to fetch", "networkerror when attempting to fetch", "load failed")
_CHECK: Final = "corekit_django."
_LIKE_DIGITS: Final = str.maketrans("oil", "011")
_find_check_id = re.compile(r"\b(?:corekit_django\.|^)([EIW]\d{3})\b", re.IGNORECASE).search


def explain_message(message: str, *, as_json: bool) -> None:
    """Print what a message or a code means.

    Raises `CommandError` if it is not known.
    """
    found = read_message(message)
    meanings = find_code(message) or _find_check(message)
    if found is not None:
        meanings = (Meaning(found.error.name, found.message, found.hint),)
    if not meanings:
        hint = "Pass --origin and --url to find out what the server responds."
        if any(text in message.lower() for text in _SCRIPT_ERRORS):
            hint = "Pass the message of the browser's console, or --origin and --url."
            raise CommandError("This is all that scripts learn about a failed request.", hint)
        near = _find_near_code(message)
        if near is not None:
            hint = f"Did you mean {near}?"
        raise CommandError("This is not a known message or code.", hint)
    is_name = len(message.split()) == 1
    command, notes = (None, ()) if found is None else _next_command(found, is_name=is_name)
    if as_json:
        _print_meanings_as_json(meanings, command, notes)
        return
    console = make_console()
    _print_meanings(console, meanings)
    if command is not None:
        console.print(Text("\nTo see what the server responds:", "bold"))
        console.print(Text(f"{_INDENT}{command}"), soft_wrap=True)
        for note in notes:
            print_wrapped(console, Text(note), first=_INDENT, rest=_INDENT)


def _print_meanings(console: Console, meanings: Sequence[Meaning]) -> None:
    (name, message, hint), *others = meanings
    console.print(Text(name, "bold"))
    if not others:
        print_wrapped(console, Text(message))
        print_list(console, "How to fix it", filter(None, [hint]))
        return
    print_wrapped(console, Text(f"It is reported for one of {len(meanings)} causes:"))
    for number, each in enumerate(meanings, 1):
        console.print()
        print_wrapped(console, Text(each.message), first=f"{number}. ", rest=_INDENT)
        if each.hint:
            print_wrapped(console, Text(each.hint, "green"), first=_INDENT, rest=_INDENT)


def _print_meanings_as_json(
    meanings: Sequence[Meaning], command: str | None, notes: Sequence[str]
) -> None:
    (name, message, hint), *others = meanings
    further = [{"message": each.message, "hint": each.hint} for each in others]
    texts = {"name": name, "message": message, "hint": hint, "others": further}
    print_report({**texts, "next": command, "notes": list(notes)})


def _find_near_code(text: str) -> str | None:
    """Return the code, or the id of a check, of which a text is probably a typo, if any."""
    text = text.strip().lower()
    if text.startswith(_CHECK):
        # Most ids differ by one digit, so only letters that look like digits are replaced.
        kind, number = text[len(_CHECK) :][:1], text[len(_CHECK) + 1 :]
        meant = f"{_CHECK}{kind.upper()}{number.translate(_LIKE_DIGITS)}"
        return meant if _find_check(meant) else None
    names = {each.lower(): each for each in CODES}
    near = next(iter(get_close_matches(text[:100], names, 1, 0.8)), None)
    return None if near is None else names[near]


def _find_check(text: str) -> tuple[Meaning, ...]:
    """Return what a system check of Django means whose id is in a text."""
    found = _find_check_id(text)
    if found is None:
        return ()
    name = f"{_CHECK}{found[1].upper()}"
    with needing_django(name):
        from .django_settings import describe_check  # noqa: PLC0415 - Django may be missing
    described = describe_check(found[1].upper())
    return () if described is None else (Meaning(name, *described),)


def _next_command(found: ConsoleMessage, *, is_name: bool) -> tuple[str | None, Sequence[str]]:
    """Return the command that repeats the call of a message, and notes on it.

    There is no command if the server has no part in the failure, or for the name of a failure.
    """
    if not found.is_repeatable or is_name:
        return None, ()
    words = ["--url", found.url or "URL", "--origin", found.page or "ORIGIN"]
    notes = []
    if found.url is None:
        notes.append("Replace URL with the URL that the page calls.")
    if found.page is None:
        notes.append("Replace ORIGIN with the origin of the page.")
    if found.method is not None:
        words += ["--method", found.method]
    elif found.header is not None:
        words += ["--header", found.header]
    elif found.has_preflight:
        words += ["--header", "content-type:application/json"]
        notes.append(
            "The header makes the browser send a preflight. Pass the method and the headers of your"
            " request instead."
        )
    if found.credentials:
        words += ["--credentials", "include"]
    if found.error.name == "DisallowedByMode":
        words += ["--mode", "same-origin"]
    return f"corekit explain {' '.join(map(quote, words))}", notes
