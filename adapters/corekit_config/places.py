"""Where keys and list elements are in a TOML or JSON text, so that problems have a line and column.

The standard parsers do not report positions. The text was parsed by them before, so it is valid,
and this reader may be lenient: it only finds keys, brackets and commas. JSON is read like one TOML
value, with colons instead of equals signs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

Path = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""

Place = tuple[int, int]
"""A line and a column, counted from 1."""

_tokens = re.compile(
    r'(?P<string>"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*')"
    r"|(?P<skipped>[ \t\r]+|\#[^\n]*)"
    r"|(?P<mark>[][{}=:,.\n])"
    r"|(?P<bare>[^][{}=:,.\s\#\"']+)",
    re.DOTALL,
).finditer

_END: Final = ""


class _Token(NamedTuple):
    text: str
    start: int
    is_mark: bool


def find_places(text: str, *, is_json: bool) -> Mapping[Path, Place]:
    """Return where each key and each element of a list begins, in valid TOML or JSON.

    >>> places = find_places('max_age = 5\\n[cors]\\nallow_origins = ["*"]', is_json=False)
    >>> places["cors", "allow_origins"], places["cors", "allow_origins", 0]
    ((3, 1), (3, 18))
    """
    reader = _Reader(text)
    if is_json:
        reader.read_value(())
    else:
        reader.read_document()
    places: dict[Path, Place] = {}
    line, begins, read = 1, 0, 0
    for path, at in sorted(reader.found.items(), key=lambda item: item[1]):
        # Each character is read once, since a line can be very long.
        line += text.count("\n", read, at)
        begins = max(begins, text.rfind("\n", read, at) + 1)
        read = at
        places[path] = line, at - begins + 1
    return places


class _Reader:
    """Reads tokens one by one; `found` has the offset of everything that was read."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        self._rest = _tokenize(text)
        self._token = next(self._rest)

    def _next(self) -> _Token:
        token, self._token = self._token, next(self._rest, _Token(_END, -1, True))
        return token

    def _is(self, *marks: str) -> bool:
        return self._token.is_mark and self._token.text in marks

    def _skip_lines(self) -> None:
        while self._is("\n"):
            self._next()

    def read_document(self) -> None:
        """Read tables and keys with values."""
        table: Path = ()
        self._skip_lines()
        while not self._is(_END):
            if self._is("["):
                table = self._read_header()
            else:
                self._read_pair(table)
            self._skip_lines()

    def _read_header(self) -> Path:
        start = self._next().start
        is_list = self._is("[")
        if is_list:
            self._next()
        path: Path = ()
        keys = self._read_keys()
        for key in keys[:-1]:
            path = self._last((*path, key))
        path = (*path, keys[-1])
        if is_list:
            self._tables[path] = self._tables.get(path, -1) + 1
            self._next()
        self._next()
        path = self._last(path)
        self.found.setdefault(path, start)
        return path

    def _last(self, path: Path) -> Path:
        """Return the path of the table itself, or of the last one in a list of tables."""
        return (*path, self._tables[path]) if path in self._tables else path

    def _read_keys(self) -> list[str]:
        keys = [_unquote(self._next().text)]
        while self._is("."):
            self._next()
            keys.append(_unquote(self._next().text))
        return keys

    def _read_pair(self, table: Path) -> None:
        start = self._token.start
        path = table
        for key in self._read_keys():
            path = (*path, key)
            self.found.setdefault(path, start)
        self._skip_lines()  # JSON may have one before the colon
        self._next()
        self.read_value(path)

    def read_value(self, path: Path) -> None:
        """Read a value, and everything in it."""
        self._skip_lines()
        if self._is("["):
            for index in self._read_elements("]"):
                self.found[*path, index] = self._token.start
                self.read_value((*path, index))
        elif self._is("{"):
            for _ in self._read_elements("}"):
                self._read_pair(path)
        else:
            while not self._is(",", "]", "}", "\n", _END):
                self._next()

    def _read_elements(self, end: str) -> Iterator[int]:
        """Yield at the start of each element; the caller reads it."""
        self._next()
        self._skip_lines()
        index = 0
        while not self._is(end):
            yield index
            index += 1
            self._skip_lines()
            if self._is(","):
                self._next()
                self._skip_lines()
        self._next()


def _tokenize(text: str) -> Iterator[_Token]:
    for match in _tokens(text):
        if match.lastgroup != "skipped":
            yield _Token(match[0], match.start(), match.lastgroup == "mark")
    yield _Token(_END, len(text), True)


def _unquote(key: str) -> str:
    if key.startswith('"'):
        try:
            return str(json.loads(key))
        except ValueError:  # an escape that only TOML has
            return key
    return key.strip("'")
