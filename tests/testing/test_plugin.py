"""The pytest plugin, run by pytest itself: its fixtures and its output."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
    pytest_plugins = ["corekit_testing.plugin"]

    import pytest
    from corekit import CorsPolicy
    from corekit_wsgi import CorsMiddleware

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"hello"]

    @pytest.fixture
    def cors_app():
        policy = CorsPolicy(allow_origins=["https://app.example.com"])
        return CorsMiddleware(app, policy)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    return pytester


def test_fixture_is_a_browser_for_the_application(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        """
        def test_read(browser):
            assert browser.page == "https://app.example.com"
            assert browser.fetch("GET", "/").text == "hello"
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_page_can_be_overridden(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from corekit_testing import CorsError

        @pytest.fixture
        def cors_page():
            return "https://evil.example"

        def test_read(browser):
            with pytest.raises(CorsError, match="MissingAllowOriginHeader"):
                browser.fetch("GET", "/")
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_failed_test_shows_the_exchanges(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_fails(browser, open_browser, cors_app):
            browser.fetch("GET", "/")
            open_browser(cors_app, "https://evil.example").fetch("PUT", "/x")

        def test_passes(browser):
            browser.fetch("GET", "/unseen")

        def test_without_a_browser_fails():
            assert False
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*CorsError: PreflightMissingAllowOriginHeader: The preflight response has no *",
            "*sent (>) and received (<) by browser 1, page https://app.example.com*",
            "> GET https://testserver/",
            "> Origin: https://app.example.com",
            "< 200",
            "< Access-Control-Allow-Origin: https://app.example.com",
            "*sent (>) and received (<) by browser 2, page https://evil.example*",
            "> OPTIONS https://testserver/x",
            "< 403",
        ]
    )
    result.stdout.no_fnmatch_line("*unseen*")
    assert str(result.stdout).count("received (<) by browser") == 2


def test_browsers_are_closed(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        log = []

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                for event in ("startup", "shutdown"):
                    await receive()
                    log.append(event)
                    await send({"type": f"lifespan.{event}.complete"})
                return
            headers = [(b"access-control-allow-origin", b"*")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body"})

        def test_first(open_browser):
            open_browser(app, "https://app.example.com").fetch("GET", "/")
            assert log == ["startup"]

        def test_then():
            assert log == ["startup", "shutdown"]
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=2)


def test_missing_application_is_reported(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["corekit_testing.plugin"]')
    pytester.makepyfile("def test_it(browser): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Define a fixture `cors_app`*"])
