"""Every problem that a configuration can have, as one table: code, message and hint.

A message is a sentence about the problem, a hint an instruction. Both are templates: ``{name}`` is
a parameter of the problem, ``{dialect.name}`` a text that depends on where the setting is written
(see `corekit.problems.Dialect`). A row without a hint has one that depends on the value, ``{use}``.
Several rows may share a code, which is stable and public. Which values are wrong is decided where
they are read. A row with `otherwise` has this hint if no fix is known.

Most problems are errors, which reject the configuration. A risk can be accepted. A value that is
useless and harmless is left out, with a warning.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

_ERROR: Final = "error"
_RISK: Final = "risk"
_LEFT_OUT: Final = "left out"
_WRITE_LIST: Final = 'Write https://a.example,https://b.example or ["https://a.example"].'
_WRITE_REGEXES: Final = (
    "Write one regular expression, or a JSON list of them, in which each backslash is written"
    r" twice: "
    r'["https://a\\.example", "https://b\\.example"].'
)
_USE_SECONDS: Final = (
    "Use 0 (no caching) to {maximum} seconds, or {dialect.unset} for the browser's default."
)
_MARK_HANDLER: Final = (
    "Give the handler its own policy, with the cors() of corekit_starlette (FastAPI),"
    " corekit_flask, corekit_django, corekit_aiohttp, corekit_sanic or corekit_asgi (Quart,"
    " Litestar)."
)
_USE_PAIRS: Final = 'Use pairs: CorsRoutes([("/api/", policy)]).'
_USE_PATTERN: Final = (
    "Use a pattern: 'https://*.example.com', 'https://pr-*.example.com' or 'http://localhost:*'."
)


class ProblemKind(Enum):
    """One row of the table."""

    # Types
    WRONG_TYPE = ("wrong-type", "The value is of type {type}.", "Use {expected}.")
    SINGLE_STRING = (
        "string-not-collection",
        "The value is a single {type}, not a list of strings.",
    )
    UNKNOWN_ARGUMENT = (
        "unknown-argument",
        "A policy has no such argument.",
        "The arguments are {arguments}.",
    )
    MISSPELLED_ARGUMENT = (
        "unknown-argument",
        "A policy has no such argument.",
        "Did you mean {fix}?",
    )
    REGEX_ARGUMENT = (
        "unknown-argument",
        "A policy takes patterns, not regular expressions.",
        "Use {dialect.origins} with patterns such as 'https://*.example.com'. {dialect.regexes}",
    )

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
        _LEFT_OUT,
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
        _ERROR,
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
        _ERROR,
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
        _RISK,
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
        _RISK,
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
        _RISK,
        "Serve the page over HTTPS.",
    )
    PUBLIC_SUFFIX = (
        "public-suffix",
        "Anybody can register a name below {suffix!r} and then act as the user.",
        "List the hosts that belong to you.",
        _RISK,
    )

    # Regular expressions of origins
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
        _ERROR,
        r"Write it like 'https://app\.example\.com'.",
    )
    UNMATCHED_REGEX = (
        "never-matches",
        "Browsers send no origin that the regular expression matches; it has to match all of it.",
        "{use}",
        _ERROR,
        r"Write it like 'https://app\.example\.com'.",
    )
    GLOB_AS_REGEX = (
        "never-matches",
        "This is a pattern; as a regular expression it does not match {origin!r}.",
        "{use}",
        _ERROR,
        "Write it in {dialect.origins}.",
    )
    OPAQUE_REGEX = (
        "opaque-regex",
        (
            "Which origins the regular expression matches is not known: it has look-around,"
            " references or too many cases."
        ),
        "{use}",
        _RISK,
        "Write it without, or as several.",
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
        _ERROR,
        "Let every repetition begin or end with a character that it does not repeat.",
    )
    OPAQUE_REGEX_ORIGIN = (
        "opaque-origin",
        "It also matches {origin!r}, which any sandboxed iframe or local file can send.",
        "{use}",
        _RISK,
        "Begin it with 'https://'.",
    )
    OPAQUE_REGEX_ORIGIN_WITH_CREDENTIALS = (
        "opaque-origin",
        (
            "It also matches {origin!r}, which any sandboxed iframe or local file can send. With"
            " credentials this risk cannot be accepted."
        ),
        "{use}",
        _ERROR,
        "Begin it with 'https://'.",
    )
    INSECURE_REGEX = (
        "insecure-origin",
        (
            "It matches {origin!r}: a network attacker can impersonate this origin and act as the"
            " user."
        ),
        "{use}",
        _RISK,
        "Serve the page over HTTPS.",
    )
    OPEN_REGEX = (
        "any-origin-with-credentials",
        "It matches {origin!r}, so any website could act as the user.",
        "{use}",
        _ERROR,
        "Write out the scheme and the host, escape the dots, and leave neither end open.",
    )
    PUBLIC_SUFFIX_REGEX = (
        "public-suffix",
        (
            "It matches {origin!r}: anybody can register a name below {suffix!r} and then act as"
            " the user."
        ),
        "{use}",
        _RISK,
        "List the hosts that belong to you.",
    )
    ANY_EXTENSION = (
        "any-extension",
        "It matches {origin!r}: any app or browser extension could act as the user.",
        "{use}",
        _RISK,
        "List the identifiers of those that belong to you.",
    )

    # Methods and headers
    INVALID_METHOD = (
        "invalid-method",
        "A method is a token such as PUT, or '*' alone for any method.",
        "Write each method as a separate string.",
    )
    FORBIDDEN_METHOD = (
        "forbidden-method",
        "Browsers do not let scripts send this method.",
        "Remove it.",
        _LEFT_OUT,
    )
    METHOD_CASE = (
        "method-case",
        "Method names are case-sensitive; servers expect this one in upper case.",
        "Did you mean {fix!r}?",
    )
    INVALID_HEADER = (
        "invalid-header",
        "A header name is a token such as x-request-id, or '*' alone for any header.",
        "Write each name as a separate string, without a value or colon.",
    )
    FORBIDDEN_REQUEST_HEADER = (
        "forbidden-header",
        "Browsers do not let scripts set this request header.",
        "Remove it. Headers that the browser sets itself need no permission.",
        _LEFT_OUT,
    )
    FORBIDDEN_RESPONSE_HEADER = (
        "forbidden-header",
        "Browsers do not let scripts read this response header.",
        "Remove it. Cookies are stored without being read by scripts.",
        _LEFT_OUT,
    )
    RESPONSE_HEADER = (
        "misplaced-header",
        "This is a response header.",
        "Remove it from the request headers.",
        _LEFT_OUT,
    )
    REQUEST_HEADER = (
        "misplaced-header",
        "This is a request header.",
        "Remove it from the exposed response headers.",
        _LEFT_OUT,
    )
    ANY_EXPOSED_HEADER_WITH_CREDENTIALS = (
        "any-exposed-header-with-credentials",
        "With credentials, browsers read '*' as the name of a header, not as a wildcard.",
        "List the headers that pages may read.",
    )

    # Numbers
    NEGATIVE_MAX_AGE = ("max-age", "The value is below 0.", _USE_SECONDS)
    LONG_MAX_AGE = (
        "max-age",
        "No browser caches a preflight response for longer than {maximum} seconds.",
        _USE_SECONDS,
        _LEFT_OUT,
    )
    FRACTIONAL_MAX_AGE = ("max-age", "Access-Control-Max-Age is in whole seconds.", _USE_SECONDS)
    PREFLIGHT_STATUS = (
        "preflight-status",
        "Browsers accept a preflight response only if its status is 200 to 299.",
        "Use 204 or 200.",
    )

    # Accepted risks
    UNKNOWN_RISK = ("unknown-risk", "There is no risk with this code.", "The risks are {risks}.")
    ABSENT_RISK = (
        "unknown-risk",
        "This policy does not have this risk.",
        "Remove it, so that the risk is reported if it appears later.",
    )

    # Routes
    ROUTES_TYPE = ("wrong-type", "The value is of type {type}, not a list of pairs.", _USE_PAIRS)
    ROUTE_TYPE = ("wrong-type", "This is not a pair of a path and a CorsPolicy.", _USE_PAIRS)
    NO_ROUTES = ("no-routes", "No path is covered.", _USE_PAIRS)
    ROUTE_TABLES = (
        "wrong-type",
        "The value is not a list of routes with a path and the arguments of a policy.",
        "{dialect.routes}",
    )
    MISSING_PATH = ("malformed-path", "The route has no path.", "{dialect.routes}")
    RELATIVE_PATH = ("malformed-path", "A path begins with a slash.", "Did you mean {fix!a}?")
    UNROUTABLE_PATH = (
        "malformed-path",
        "A path is plain and decoded, without wildcards, parameters or a query.",
        "End it with a slash to cover everything below it, as in '/api/'.",
    )
    PARAMETER_PATH = (
        "malformed-path",
        "A path has no parameters or wildcards.",
        _MARK_HANDLER,
    )
    METHOD_IN_PATH = (
        "malformed-path",
        "A route covers all methods of its path.",
        _MARK_HANDLER,
    )
    LONG_PATH = (
        "malformed-path",
        "The path has {length} characters.",
        "Use a path of up to {longest} characters, and let it cover everything below it.",
    )
    UNREACHABLE_PATH = (
        "unreachable-path",
        "The earlier route {other!a} covers this path, and the first match wins.",
        "Move this route before that one.",
    )

    # Policy files
    UNKNOWN_ADVICE = (
        "unknown-advice",
        "There is no advice with this code that can be accepted.",
        "The codes are {codes}.",
    )

    # Environment variables
    UNKNOWN_VARIABLE = (
        "unknown-argument",
        "A policy does not read this variable.",
        "The variables are {variables}.",
    )
    MISSPELLED_VARIABLE = (
        "unknown-argument",
        "A policy does not read this variable.",
        "Did you mean {fix}?",
    )
    BROKEN_JSON_LIST = (
        "wrong-type",
        "The value begins like JSON but is not: {error}.",
        _WRITE_LIST,
    )
    NOT_A_LIST = ("wrong-type", "The value is not a list.", _WRITE_LIST)
    BROKEN_JSON_REGEXES = (
        "wrong-type",
        "The value begins like JSON but is not: {error}.",
        _WRITE_REGEXES,
    )
    SEVERAL_REGEXES = ("wrong-type", "Commas do not separate regular expressions.", _WRITE_REGEXES)
    NOT_A_FLAG = ("wrong-type", "The value is neither true nor false.", "Write true or false.")
    NOT_A_NUMBER = (
        "wrong-type",
        "The value is not a whole number.",
        "Write digits only, such as 600.",
    )
    QUOTED_TEXT = ("wrong-type", "The quotes are part of the value.", "Remove the quotes.")

    # Settings of frameworks
    CONFLICTING_SETTINGS = (
        "conflicting-settings",
        "CORS_POLICY is the whole policy, so this setting would have no effect.",
        "Keep either CORS_POLICY or the other CORS_* settings.",
    )
    INVALID_ON_DECISION = (
        "on-decision",
        "The function cannot be used: {error}",
        "Use a function that takes a DecisionEvent, or its dotted path.",
    )

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "{use}",
        effect: str = _ERROR,
        otherwise: str = "",
    ) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.is_risk = effect == _RISK
        self.is_left_out = effect == _LEFT_OUT
        self.otherwise = otherwise
