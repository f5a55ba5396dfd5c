"""Reading Firefox's console, over the protocol that is built into it: no driver is needed.

Messages of Marionette are JSON behind their length: https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ARGUMENTS: Final = ("--marionette", "--remote-allow-system-access")
"""The switches that a Firefox needs to be read."""

PREFERENCES: Final[dict[str, object]] = {"marionette.port": 0}
"""So that it chooses a free port, and writes it into its profile."""

# Of what the console holds, the errors that a page made, each with the name of its sort.
_READ: Final = """
    return Services.console.getMessageArray()
        .filter((each) => each instanceof Ci.nsIScriptError && each.category.startsWith("CORS"))
        .map((each) => [each.category, each.errorMessage]);
"""
# All the sentences that it could show, with what differs left in.
_SENTENCES: Final = """
    const bundle = Services.strings.createBundle(
        "chrome://global/locale/security/security.properties");
    return Array.from(bundle.getSimpleEnumeration())
        .filter((each) => each.key.startsWith("CORS")).map((each) => [each.key, each.value]);
"""
# A script as an extension's content script has it: with the rights of several origins at once.
_FETCH_WITH_MORE_RIGHTS: Final = """
    const sandbox = new Cu.Sandbox(arguments[0], {wantGlobalProperties: ["XMLHttpRequest"]});
    sandbox.url = arguments[1];
    Cu.evalInSandbox(
        "const request = new XMLHttpRequest(); request.open('GET', url); request.send();",
        sandbox, null, "resource://gre/modules/Script.js");
"""
_SET: Final = "Services.prefs.setBoolPref(arguments[0], arguments[1]);"


class Console:
    """What Firefox's console shows of CORS; made by `listen`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._count = 0
        self._receive()
        self._call("WebDriver:NewSession", {"capabilities": {}})
        self._call("Marionette:SetContext", {"value": "chrome"})

    def read(self) -> list[tuple[str, str]]:
        """Give every message of CORS up to now: its category, and its sentence."""
        found = self._call("WebDriver:ExecuteScript", {"script": _READ, "args": []})["value"]
        return [(category, sentence) for category, sentence in found]

    def read_sentences(self) -> dict[str, str]:
        """Give every sentence of CORS that this Firefox has, by its name."""
        asked = {"script": _SENTENCES, "args": []}
        return dict(self._call("WebDriver:ExecuteScript", asked)["value"])

    def fetch_with_more_rights(self, origins: list[str], url: str) -> None:
        """Let a script that has the rights of several origins call a URL; what comes is dropped."""
        asked = {"script": _FETCH_WITH_MORE_RIGHTS, "args": [origins, url]}
        self._call("WebDriver:ExecuteScript", asked)

    def set_preference(self, name: str, *, value: bool) -> None:
        """Set a preference of the running browser."""
        self._call("WebDriver:ExecuteScript", {"script": _SET, "args": [name, value]})

    def _call(self, name: str, parameters: dict[str, Any]) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, name, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._receive()
        assert number == self._count
        if error is not None:
            raise RuntimeError(f"{error['error']}: {error['message']}")
        return result

    def _receive(self) -> Any:
        length = b""
        while (digit := self._stream.read(1)) != b":":
            if not digit:
                raise EOFError
            length += digit
        return json.loads(self._stream.read(int(length)))

    def close(self) -> None:
        self._stream.close()


@contextmanager
def listen(profile: Path) -> Iterator[Console]:
    """Read the console of the Firefox that uses `profile`."""
    told = profile / "MarionetteActivePort"
    for _ in range(600):
        if told.exists() and told.read_text():
            break
        time.sleep(0.05)
    with socket.create_connection(("127.0.0.1", int(told.read_text())), timeout=60) as connection:
        console = Console(connection)
        try:
            yield console
        finally:
            console.close()
