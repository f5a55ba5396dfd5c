"""Every problem of the arguments of a guard, as one table: see `_problem_kinds`."""

from __future__ import annotations

from ._problem_kinds import ProblemKind


class GuardProblem(ProblemKind):
    """One row of the table."""

    UNKNOWN_CHOICE = ("unknown-choice", "There is no such choice.", "Use {choices}.")

    POLICY_ARGUMENT = (
        "unknown-argument",
        "The origins that may read, write and connect are those of the policy.",
        "Write it with the policy, as {fix}.",
    )

    # Names of the server
    NO_HOSTS = (
        "no-hosts",
        "No host is listed, so every request would be refused.",
        "List the names that the server is called by, or leave {setting} out.",
    )
    ANY_HOST = (
        "any-host",
        "A name for every host protects from nothing.",
        "List the names that the server is called by, or leave {setting} out.",
    )
    PUBLIC_SUFFIX_HOST = (
        "any-host",
        "Anybody can register a name below {suffix!r} and point it to this server.",
        "List the names that belong to you.",
    )
    MALFORMED_HOST = (
        "malformed-host",
        "A Host header cannot be this.",
        "{use}",
        "error",
        "Use 'example.com', 'localhost:8000' or, for all names below one, '*.example.com'.",
    )
    BIND_ADDRESS = (
        "malformed-host",
        "A server listens on this address; browsers call it by a name or another address.",
        "Use 'localhost', or the name in the browser's address bar.",
    )

    # Own origins
    OWN_PATTERN = (
        "own-origins",
        "A page of one of these hosts would count as the server's own on all of them.",
        "List the origins, or leave {setting} out: Host is compared without it.",
    )
    MALFORMED_OWN_ORIGIN = (
        "own-origins",
        "A page of this server cannot have this origin.",
        "{use}",
        "error",
        "Write it as a browser sends it, such as 'https://example.com'.",
    )

    # Exemptions
    RELATIVE_EXEMPTION = (
        "malformed-path",
        "The path of an exemption begins with a slash.",
        "Did you mean {fix!a}?",
    )
    WIDE_EXEMPTION = (
        "wide-exemption",
        "This exempts the whole application.",
        "List the paths that other sites may write to, such as '/saml/acs' or '/webhooks/'.",
    )
    MALFORMED_EXEMPTION = (
        "malformed-path",
        "The path of an exemption is plain and decoded, without wildcards or a query.",
        "End it with a slash to exempt everything below it, as in '/webhooks/'.",
    )
