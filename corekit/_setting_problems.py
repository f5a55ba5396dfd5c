"""Every problem of settings other than origins, as one table: see `_problem_kinds`."""

from __future__ import annotations

from typing import Final

from ._problem_kinds import LEFT_OUT, ProblemKind

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


class SettingProblem(ProblemKind):
    """One row of the table."""

    # Types
    WRONG_TYPE = ("wrong-type", "The value is of type {type}.", "Use {expected}.")
    SINGLE_STRING = (
        "string-not-collection",
        "The value is a single {type}, not a list of strings.",
    )
    UNKNOWN_ARGUMENT = (
        "unknown-argument",
        "{owner} has no such argument.",
        "The arguments are {arguments}.",
    )
    MISSPELLED_ARGUMENT = (
        "unknown-argument",
        "{owner} has no such argument.",
        "Did you mean {fix}?",
    )
    REGEX_ARGUMENT = (
        "unknown-argument",
        "A policy takes patterns, not regular expressions.",
        "Use {dialect.origins} with patterns such as 'https://*.example.com'. {dialect.regexes}",
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
        LEFT_OUT,
    )
    METHOD_CASE = (
        "method-case",
        "Method names are case-sensitive; servers expect this one in upper case.",
        "Did you mean {fix!a}?",
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
        LEFT_OUT,
    )
    FORBIDDEN_RESPONSE_HEADER = (
        "forbidden-header",
        "Browsers do not let scripts read this response header.",
        "Remove it. Cookies are stored without being read by scripts.",
        LEFT_OUT,
    )
    RESPONSE_HEADER = (
        "misplaced-header",
        "This is a response header.",
        "Remove it from the request headers.",
        LEFT_OUT,
    )
    REQUEST_HEADER = (
        "misplaced-header",
        "This is a request header.",
        "Remove it from the exposed response headers.",
        LEFT_OUT,
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
        LEFT_OUT,
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

    # Resources of flask-cors
    PARAMETER_RESOURCE = (
        "malformed-path",
        "A resource has no parameters: it is a path, or a regular expression of paths.",
        r"Use {fix!a}, or a regular expression such as r'/admin/\d+'.",
    )
    UNMATCHED_RESOURCE = (
        "malformed-path",
        "Flask routes no path that this resource matches.",
        "A path is decoded and begins with a slash. Use a resource such as '/admin/*'.",
    )
    MISSPELLED_RESOURCE = (
        "malformed-path",
        "Flask routes no path that this resource matches.",
        "A path is decoded, and has no doubled slashes or dots as segments. Use {fix!a}.",
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
        "{owner} does not read this variable.",
        "The variables are {variables}.",
    )
    MISSPELLED_VARIABLE = (
        "unknown-argument",
        "{owner} does not read this variable.",
        "Did you mean {fix}?",
    )
    GUARD_VARIABLE = (
        "unknown-argument",
        "A policy does not read the variables of a guard.",
        "Use guard_from_environ(), whose result has the policy too.",
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
    INVALID_ON_VERDICT = (
        "on-verdict",
        "The function cannot be used: {error}",
        "Use a function that takes a GuardEvent, or its dotted path.",
    )
    INVALID_LOOKUP = (
        "lookup",
        "Origins cannot be looked up: {error}",
        "Use a corekit_lookups.OriginLookup, or its dotted path.",
    )
    UNUSED_LOOKUP = (
        "lookup",
        "Origins are never looked up, since {reason}.",
        "List an origin, such as that of your own application, or remove this setting.",
    )
    NO_GUARD = (
        "on-verdict",
        "The function would never be called, since no guard judges requests.",
        "Set CORS_GUARD = True, or remove this setting.",
    )
