"""What pages and servers report that no header of a CORS policy can change.

Most names are corekit's own. The messages are those of Chromium 156, Firefox 153, WebKitGTK 2.50
and Django 6, and of older versions that are still in use. ``{}`` is what differs from call to call.
Source: https://docs.djangoproject.com/en/stable/ref/csrf/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One failure: its name, what happened and how to fix it.

    `name` is Chromium's or Firefox's, or corekit's if it is not about CORS. `console` holds the
    messages by who prints them: an engine or Django. `reasons` are Firefox's names for a failure of
    Chromium's, `failures` Chromium's names for one of Firefox's. `texts_of` is the failure whose
    message and hint these are, which can name what a call had; empty if they are its own.
    """

    name: str
    message: str
    hint: str
    console: Mapping[str, tuple[str, ...]]
    reasons: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    texts_of: str = ""


_NOT_CORS: Final = "This is not about CORS."
_HTTPS_PAGE: Final = "Mixed Content: The page at '{}' was loaded over HTTPS, but"

OTHER_ERRORS: Final = (
    # Private Network Access, which came before Local Network Access
    ErrorInfo(
        "PreflightMissingAllowPrivateNetwork",
        "This version of Chromium asks the server before a public page calls a private address, and"
        " the preflight response has no Access-Control-Allow-Private-Network header.",
        "Set allow_private_network=True only if such old browsers have to work: later versions ask"
        " the user instead, and no header is necessary. Serve the page and the API alike: both on"
        " the local network (or both on this computer), or both on the public internet.",
        {
            "chromium": (
                (
                    "No 'Access-Control-Allow-Private-Network' header was present in the preflight"
                    " response for this private network request targeting the `{}` address space."
                ),
            )
        },
    ),
    # Cookies and CSRF protection
    ErrorInfo(
        "CookieRejected",
        "The browser did not store a cookie, so the next request comes without it."
        f" {_NOT_CORS} It is about the attributes of the cookie and the sites of page and API.",
        "For a page of another site than the API's, set the cookie with SameSite=None and Secure,"
        " over HTTPS. Many browsers block even those: serve both below one domain. On this"
        " computer, use the same host name for both, such as localhost: localhost and 127.0.0.1"
        " are two sites.",
        {
            "chromium": (
                "This attempt to set a cookie via a Set-Cookie header was blocked because",
                'a "SameSite" attribute and was defaulted to "SameSite=Lax',
                "This Set-Cookie was blocked because",
            ),
            "firefox": (
                "Cookie '{}' has been rejected because",
                'Cookie "{}" has been rejected because',
                'Cookie "{}" will be soon rejected because',
            ),
        },
    ),
    ErrorInfo(
        "CsrfFailed",
        f"Django's CSRF protection refused the request. {_NOT_CORS} CORS decides who may read a"
        " response, CSRF protection whether the user's own page made the request. With cookies,"
        " requests must pass both.",
        "List the page's origin in CSRF_TRUSTED_ORIGINS, and let the page send the token in the"
        " header X-CSRFToken, which CORS_ALLOW_HEADERS allows by default. If the origin is the"
        " API's own, a proxy changes Host or the scheme: see SECURE_PROXY_SSL_HEADER and"
        " USE_X_FORWARDED_HOST.",
        {
            "django": (
                "Origin checking failed - {} does not match any trusted origins.",
                "Referer checking failed - ",
                "CSRF Failed: ",
                "CSRF verification failed. Request aborted.",
                "CSRF cookie not set.",
                "CSRF token missing",
                "CSRF token from {} incorrect",
                "CSRF token from {} has",
            )
        },
    ),
    # What the page forbids
    ErrorInfo(
        "BlockedByContentSecurityPolicy",
        f"The page's own Content-Security-Policy does not allow the request. {_NOT_CORS}",
        "Add the API's origin to connect-src in the Content-Security-Policy of the page. The API"
        " does not need a change.",
        {
            "chromium": (
                (
                    "Refused to connect to '{}' because it violates the following Content Security"
                    " Policy directive:"
                ),
                "Connecting to '{}' violates the following Content Security Policy directive:",
                (
                    "Refused to connect to '{}' because it violates the document's Content Security"
                    " Policy."
                ),
            ),
            "firefox": (
                "Content-Security-Policy: The page's settings blocked the loading of a resource",
                "Content-Security-Policy: The page's settings blocked {} (connect-src)",
            ),
            "webkit": (
                (
                    "Refused to connect to {} because it does not appear in the {} directive of the"
                    " Content Security Policy."
                ),
            ),
        },
    ),
    ErrorInfo(
        "MixedActiveContent",
        f"A page that was loaded over HTTPS requested an HTTP URL. {_NOT_CORS}",
        "Serve the API over HTTPS too. No policy can allow this.",
        {"firefox": ('Blocked loading mixed active content "{}"',)},
    ),
    ErrorInfo(
        "MixedContentWarning",
        "A page that was loaded over HTTPS requested an HTTP URL, and the browser sent the request:"
        " the server is on the local network or on this computer, or the browser used HTTPS"
        f" instead. This is a warning. {_NOT_CORS}",
        "If the call failed, pass the message that the console printed about CORS. If you can,"
        " serve the API over HTTPS too.",
        {
            "chromium": (
                (
                    f"{_HTTPS_PAGE} requested an insecure {{}} '{{}}'. This content should also be"
                    " served over HTTPS."
                ),
                (
                    f"{_HTTPS_PAGE} attempted to connect to the insecure WebSocket endpoint '{{}}'."
                    " This endpoint should be available via WSS."
                ),
                (
                    f"{_HTTPS_PAGE} requested an insecure {{}} '{{}}'. This request was"
                    " automatically upgraded to HTTPS"
                ),
            )
        },
    ),
    ErrorInfo(
        "CoepBlocked",
        "The page sends Cross-Origin-Embedder-Policy, so the browser loads without CORS only what"
        " says that it may be embedded, and this response does not.",
        "Use mode 'cors' (for an element, the attribute crossorigin) and add the page's origin to"
        " allow_origins, or let the server send Cross-Origin-Resource-Policy: cross-origin.",
        {
            "chromium": (
                "net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep",
            )
        },
    ),
    ErrorInfo(
        "OpaqueResponseBlocked",
        "An element or a request with mode 'no-cors' loaded a response of another type than images,"
        " scripts and the like, such as JSON or an error page.",
        "Call the API with fetch() and mode 'cors', and add the page's origin to allow_origins."
        " If an image or a script is missing, look at its status: it may be an error page.",
        {
            "chromium": ("net::ERR_BLOCKED_BY_ORB",),
            "firefox": ("A resource is blocked by OpaqueResponseBlocking",),
        },
    ),
    # WebSockets
    ErrorInfo(
        "WebSocketRefused",
        "The server, its guard or a proxy responded to the handshake of a WebSocket with an error"
        " status. CORS does not apply to WebSockets; a guard, and many frameworks, check the page's"
        " origin.",
        "Look at the log of the server: a guard names the reason there. With status 403, add the"
        " page's origin to allow_origins if its pages may open it, and turn on allow_credentials if"
        " the browser sends cookies. With 404, check the path, and with 400 whether a proxy passes"
        " on Upgrade.",
        {
            "chromium": (
                (
                    "WebSocket connection to '{}' failed: Error during WebSocket handshake:"
                    " Unexpected response code: {}"
                ),
            ),
            "webkit": (
                "WebSocket connection to '{}' failed: Unexpected response code: {}",
                "WebSocket connection to '{}' failed: There was a bad response from the server.",
            ),
        },
    ),
    ErrorInfo(
        "WebSocketFailed",
        "A WebSocket was not opened: the server cannot be reached, or it, its guard or a proxy"
        " refused the handshake. The message does not say which. CORS does not apply to"
        " WebSockets.",
        "Look at the log of the server: a guard that refuses a handshake names the reason there. If"
        " the log has no handshake, check the host, the port and the scheme of the URL.",
        {
            "firefox": (
                "can't establish a connection to the server at ws://{}.",
                "can't establish a connection to the server at wss://{}.",
            ),
        },
    ),
    # Below HTTP
    ErrorInfo(
        "ConnectionFailed",
        f"Nothing responds on this host and port. {_NOT_CORS}",
        "Start the server, and check the host and the port in the URL. In a container, the server"
        " has to listen on 0.0.0.0. If localhost fails and 127.0.0.1 works, it listens on IPv4"
        " only.",
        {
            "chromium": (
                "net::ERR_CONNECTION_REFUSED",
                "net::ERR_CONNECTION_RESET",
                "net::ERR_CONNECTION_CLOSED",
                "net::ERR_CONNECTION_TIMED_OUT",
                "net::ERR_ADDRESS_UNREACHABLE",
                "net::ERR_EMPTY_RESPONSE",
            ),
            "webkit": ("Could not connect to the server.",),
        },
    ),
    ErrorInfo(
        "HostNotFound",
        f"The host name of the URL does not exist, or this computer cannot find it. {_NOT_CORS}",
        "Check the host name. The name of a container or of a service in a cluster exists only"
        " there, not in the user's browser.",
        {
            "chromium": ("net::ERR_NAME_NOT_RESOLVED",),
            "webkit": ("A server with the specified hostname could not be found.",),
        },
    ),
    ErrorInfo(
        "CertificateInvalid",
        f"The browser does not trust the certificate of the server. {_NOT_CORS}",
        "Open the URL of the API in a tab to see why. In development, let the browser trust your"
        " own certificate authority, or use http://localhost.",
        {
            "chromium": ("net::ERR_CERT_",),
            "webkit": ("The certificate for this server is invalid.",),
        },
    ),
    ErrorInfo(
        "TlsFailed",
        f"The server does not speak HTTPS on this port. {_NOT_CORS}",
        "Check the scheme and the port of the URL: a development server usually speaks HTTP only.",
        {"chromium": ("net::ERR_SSL_PROTOCOL_ERROR",)},
    ),
    ErrorInfo(
        "BlockedByExtension",
        f"An extension of the browser, such as an ad blocker, blocked the request. {_NOT_CORS}",
        "Turn the extension off for the page, or give the URL another name.",
        {"chromium": ("net::ERR_BLOCKED_BY_CLIENT",)},
    ),
    ErrorInfo(
        "RequestFailed",
        "The request failed; another message in the console says why.",
        "Pass the message that the console printed directly before this one.",
        {
            "chromium": ("net::ERR_FAILED",),
            "webkit": ("cannot load {} due to access control checks.",),
        },
    ),
)
"""Every error that is not a failure of the browser model."""
