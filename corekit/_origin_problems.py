"""Every problem of origins and of regular expressions, as one table: see `_problem_kinds`."""

from __future__ import annotations

from typing import Final

from ._problem_kinds import ERROR, LEFT_OUT, RISK, ProblemKind

_USE_PATTERN: Final = (
    "Use a pattern: 'https://*.example.com', 'https://pr-*.example.com' or 'http://localhost:*'."
)


class OriginProblem(ProblemKind):
    """One row of the table."""

    # Origins
    NO_ORIGINS = (
        "no-origins",
        "No origins are allowed.",
        "List the origins whose pages may call, or {dialect.any_origin} for any origin.",
    )
    ANY_ORIGIN_WITH_CREDENTIALS = (
        "any-origin-with-credentials",
        "Any website could make requests as the logged-in user and read the responses.",
        "List the origins, or do not allow credentials.",
    )
    ANY_ORIGIN_WITH_OTHERS = (
        "any-origin-with-others",
        "'*' already allows every other origin in the list.",
        "Keep either '*' or the other origins.",
        LEFT_OUT,
    )
    ANY_ORIGIN_IN_ROWS = (
        "pattern-in-rows",
        "A row with '*' would allow any origin.",
        "Remove it, and write '*' in the policy if any website may call.",
    )
    PATTERN_IN_ROWS = (
        "pattern-in-rows",
        "A row with a pattern would allow many origins.",
        "Write the pattern in the policy, or pass allow_patterns=True.",
    )
    EMPTY_ORIGIN = (
        "malformed-origin",
        "The origin is empty.",
        "Remove it. Splitting an empty string produces one such entry.",
    )
    REGEX_AS_ORIGIN = (
        "malformed-origin",
        "This looks like a regular expression.",
        "{use} {dialect.regexes}",
        ERROR,
        _USE_PATTERN,
    )
    FILE_ORIGIN = (
        "malformed-origin",
        (
            "Browsers send 'null' as the origin of pages that are opened from a file, and some apps"
            " 'file://'."
        ),
        "Serve the page over HTTP, for example from 'http://localhost:3000'.",
    )
    ADDRESS_RANGE = (
        "malformed-origin",
        (
            "In an address, only the last parts can be wildcards, and only in private networks:"
            " 10.*.*.*, 172.16.*.* to 172.31.*.*, 192.168.*.* and 169.254.*.*."
        ),
        "List the addresses, or use a pattern such as 'http://192.168.1.*:*'.",
    )
    SEVERAL_ORIGINS = (
        "malformed-origin",
        "The string contains more than one origin.",
        "Write each origin as a separate string.",
    )
    WHITE_SPACE_AROUND_ORIGIN = ("malformed-origin", "The origin has white space around it.")
    PUNCTUATION_AROUND_ORIGIN = (
        "malformed-origin",
        "The origin has quotes, commas or semicolons around it.",
        "{use}",
        ERROR,
        "Remove them.",
    )
    WHITE_SPACE_IN_ORIGIN = (
        "malformed-origin",
        "The origin contains white space or control characters.",
    )
    MISPLACED_WILDCARD = (
        "malformed-origin",
        "A wildcard is not possible in this place.",
        _USE_PATTERN,
    )
    OPAQUE_ORIGIN_CASE = ("non-canonical-origin", "Browsers send the opaque origin in lower case.")
    ORIGIN_WITHOUT_SCHEME = (
        "malformed-origin",
        "The origin has no scheme and '://' before the host.",
    )
    ORIGIN_WITH_PATH = ("malformed-origin", "An origin has no path, query or fragment.")
    ORIGIN_WITH_CREDENTIALS = ("malformed-origin", "An origin has no user name or password.")
    IMPOSSIBLE_ORIGIN = ("malformed-origin", "Browsers never send this as an origin.")
    IMPOSSIBLE_HOST = (
        "malformed-origin",
        (
            "Names of hosts have only letters, digits, hyphens and underscores between dots, so no"
            " website has this origin."
        ),
        "Write each origin as a separate string, as a browser sends it.",
    )
    INVALID_PUNYCODE = (
        "malformed-origin",
        (
            "A label of the host begins with 'xn--' but is not valid Punycode, so no website has"
            " this origin."
        ),
        "Write the name in Unicode to see its Punycode.",
    )
    WEBSOCKET_ORIGIN = (
        "non-canonical-origin",
        "Pages are not served over {scheme}; browsers send the origin of the page.",
    )
    NON_CANONICAL_ORIGIN = (
        "non-canonical-origin",
        "Browsers do not send origins with {differences}.",
    )
    NON_CANONICAL_HOST = ("non-canonical-origin", "Browsers write this host or port differently.")
    UNLIKELY_SCHEME = ("malformed-origin", "Browsers do not load pages with the scheme {scheme!r}.")
    OPAQUE_ORIGIN = (
        "opaque-origin",
        "Any page can send 'Origin: null' by using a sandboxed iframe.",
        "Remove it.",
        RISK,
    )
    OPAQUE_ORIGIN_WITH_CREDENTIALS = (
        "opaque-origin",
        "Any page can send 'Origin: null' by using a sandboxed iframe.",
        "Remove it, or do not allow credentials. With credentials this risk cannot be accepted.",
    )
    HOSTLESS_ORIGIN = (
        "opaque-origin",
        "Any local file, or any page of an app with this scheme, has this origin.",
        "Remove it.",
        RISK,
    )
    HOSTLESS_ORIGIN_WITH_CREDENTIALS = (
        "opaque-origin",
        "Any local file, or any page of an app with this scheme, has this origin.",
        "Remove it, or do not allow credentials. With credentials this risk cannot be accepted.",
    )
    INSECURE_ORIGIN = (
        "insecure-origin",
        "A network attacker can impersonate this origin and act as the user.",
        "{use}",
        RISK,
        "Serve the page over HTTPS.",
    )
    PUBLIC_SUFFIX = (
        "public-suffix",
        "Anybody can register a name below {suffix!r} and then act as the user.",
        "List the hosts that belong to you.",
        RISK,
    )

    # Regular expressions
    INVALID_REGEX = ("invalid-regex", "The regular expression does not compile: {error}.")
    LONG_REGEX = (
        "invalid-regex",
        "The regular expression has {length} characters, so checking it would take too long.",
        "Write it with up to {longest} characters, or as several.",
    )
    BEGINNING_REGEX = (
        "never-matches",
        "It matches only origins such as {origin!r}; it has to match all of an origin.",
        "{use}",
        ERROR,
        r"Write it like 'https://app\.example\.com'.",
    )
    UNMATCHED_REGEX = (
        "never-matches",
        "Browsers send no origin that the regular expression matches; it has to match all of it.",
        "{use}",
        ERROR,
        r"Write it like 'https://app\.example\.com'.",
    )
    GLOB_AS_REGEX = (
        "never-matches",
        "This is a pattern; as a regular expression it does not match {origin!r}.",
        "{use}",
        ERROR,
        "Write it in {dialect.origins}.",
    )
    OPAQUE_REGEX = (
        "opaque-regex",
        (
            "Which origins the regular expression matches is not known: it has look-around,"
            " references or too many cases."
        ),
        "{use}",
        RISK,
        "Write it without, or as several.",
    )
    UNKNOWN_ORIGIN_COST = (
        "opaque-regex",
        (
            "How long the regular expression takes to match an origin is not known: it has too many"
            " cases."
        ),
        "{use}",
        RISK,
        "Write it with fewer repetitions such as {{1,20}}, or as several.",
    )
    UNKNOWN_COST = (
        "opaque-regex",
        (
            "How long the regular expression takes to match a path is not known: it has too many"
            " cases."
        ),
        "Write it shorter, or as several.",
    )
    SLOW_PATHS = (
        "slow-regex",
        (
            "Paths of more than {longest} characters may take very long to match. This is an upper"
            " bound, so they may also be fast."
        ),
        (
            "Let every repetition begin or end with a character that it does not repeat, and repeat"
            " with * or + instead of a large number such as {{1,255}}."
        ),
    )
    SLOW_REGEX = (
        "slow-regex",
        "Some origins take very long to match, such as {origin!r}.",
        "{use}",
        ERROR,
        "Let every repetition begin or end with a character that it does not repeat.",
    )
    OPAQUE_REGEX_ORIGIN = (
        "opaque-origin",
        "It also matches {origin!r}, which any sandboxed iframe or local file can send.",
        "{use}",
        RISK,
        "Begin it with 'https://'.",
    )
    OPAQUE_REGEX_ORIGIN_WITH_CREDENTIALS = (
        "opaque-origin",
        (
            "It also matches {origin!r}, which any sandboxed iframe or local file can send. With"
            " credentials this risk cannot be accepted."
        ),
        "{use}",
        ERROR,
        "Begin it with 'https://'.",
    )
    INSECURE_REGEX = (
        "insecure-origin",
        (
            "It matches {origin!r}: a network attacker can impersonate this origin and act as the"
            " user."
        ),
        "{use}",
        RISK,
        "Serve the page over HTTPS.",
    )
    OPEN_REGEX = (
        "any-origin-with-credentials",
        "It matches {origin!r}, so any website could act as the user.",
        "{use}",
        ERROR,
        "Write out the scheme and the host, escape the dots, and leave neither end open.",
    )
    WIDE_REGEX = (
        "any-origin-with-credentials",
        (
            "It matches {origin!r} and at least 16 other sites: anybody who gets one of them could"
            " act as the user."
        ),
        "{use}",
        ERROR,
        "Write out the scheme and the host, escape the dots, and leave neither end open.",
    )
    PUBLIC_SUFFIX_REGEX = (
        "public-suffix",
        (
            "It matches {origin!r} and at least 16 other names below {suffix!r}: anybody who"
            " registers one of them could act as the user."
        ),
        "{use}",
        RISK,
        "List the hosts that belong to you.",
    )
    ANY_EXTENSION = (
        "any-extension",
        "It matches {origin!r}: any app or browser extension could act as the user.",
        "{use}",
        RISK,
        "List the identifiers of those that belong to you.",
    )
