"""Read Firefox's console over its built-in Marionette protocol, without a driver.

Messages are JSON with a length prefix: https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
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
"""The switches that enable the protocol."""

PREFERENCES: Final[dict[str, object]] = {"marionette.port": 0}
"""Let Firefox choose a free port and write it into its profile."""

# The CORS errors in the console, each with its category.
_ERRORS: Final = """
    return Services.console.getMessageArray()
        .filter((each) => each instanceof Ci.nsIScriptError && each.category.startsWith("CORS"))
        .map((each) => [each.category, each.errorMessage]);
"""
# All CORS messages that Firefox has, with their placeholders.
_TEMPLATES: Final = """
    const bundle = Services.strings.createBundle(
        "chrome://global/locale/security/security.properties");
    return Array.from(bundle.getSimpleEnumeration())
        .filter((each) => each.key.startsWith("CORS")).map((each) => [each.key, each.value]);
"""
# A script with an expanded principal, like an extension's content script: several origins.
_FETCH_WITH_EXPANDED_PRINCIPAL: Final = """
    const sandbox = new Cu.Sandbox(arguments[0], {wantGlobalProperties: ["XMLHttpRequest"]});
    sandbox.url = arguments[1];
    Cu.evalInSandbox(
        "const request = new XMLHttpRequest(); request.open('GET', url); request.send();",
        sandbox, null, "resource://gre/modules/Script.js");
"""
_SET_PREFERENCE: Final = "Services.prefs.setBoolPref(arguments[0], arguments[1]);"


class Console:
    """The CORS messages in Firefox's console; created by `listen`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._count = 0
        self._receive()
        self._call("WebDriver:NewSession", {"capabilities": {}})
        self._call("Marionette:SetContext", {"value": "chrome"})

    def read(self) -> list[tuple[str, str]]:
        """Return every CORS message so far: its category and its text."""
        found = self._call("WebDriver:ExecuteScript", {"script": _ERRORS, "args": []})["value"]
        return [(category, message) for category, message in found]

    def read_templates(self) -> dict[str, str]:
        """Return every CORS message that this Firefox has, by name."""
        parameters = {"script": _TEMPLATES, "args": []}
        return dict(self._call("WebDriver:ExecuteScript", parameters)["value"])

    def fetch_with_expanded_principal(self, origins: list[str], url: str) -> None:
        """Send a request from a script that has several origins, and ignore the response."""
        parameters = {"script": _FETCH_WITH_EXPANDED_PRINCIPAL, "args": [origins, url]}
        self._call("WebDriver:ExecuteScript", parameters)

    def set_preference(self, name: str, *, value: bool) -> None:
        """Set a preference of the running browser."""
        self._call("WebDriver:ExecuteScript", {"script": _SET_PREFERENCE, "args": [name, value]})

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
    port_file = profile / "MarionetteActivePort"
    for _ in range(600):
        if port_file.exists() and port_file.read_text():
            break
        time.sleep(0.05)
    with socket.create_connection(
        ("127.0.0.1", int(port_file.read_text())), timeout=60
    ) as connection:
        console = Console(connection)
        try:
            yield console
        finally:
            console.close()
