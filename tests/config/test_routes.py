"""Policy files with routes, with accepted advice, and the places of their problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.compat import RegexCorsPolicy
from corekit.lint import CODES, accept_advice, lint_policy
from corekit_config import ConfigError, find_policy, load_policy, parse_policy
from corekit_config.documents import parse_document
from corekit_config.files import parse_policy_file
from corekit_config.finding import find_file, find_files
from corekit_config.tables import holds_policy
from tests.core.steps import own_steps_of

APP = "https://app.example.com"
ROUTES = CorsRoutes(
    [
        ("/public/", CorsPolicy(allow_origins=["*"])),
        ("/", RegexCorsPolicy(allow_origin_regexes=[r"https://a\.example"], max_age=600)),
    ]
)
TOML = (
    '[[routes]]\npath = "/public/"\nallow_origins = ["*"]\n\n'
    "[[routes]]\npath = \"/\"\nallow_origin_regexes = ['https://a\\.example']\nmax_age = 600\n"
)
DATA: dict[str, Any] = {
    "routes": [
        {"path": "/public/", "allow_origins": ["*"]},
        {"path": "/", "allow_origin_regexes": [r"https://a\.example"], "max_age": 600},
    ]
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cors.toml", TOML),
        ("cors.toml", f"accept = ['short-max-age']\n{TOML}"),
        ("cors.json", json.dumps(DATA)),
        ("cors.json", json.dumps({"$schema": "x.json", **DATA})),
        ("settings.json", json.dumps({"debug": True, "cors": DATA})),
        ("pyproject.toml", TOML.replace("[[routes]]", "[[tool.corekit.routes]]")),
    ],
)
def test_file_may_have_routes(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert load_policy(path) == find_policy(str(path)) == parse_policy(content, name) == ROUTES


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            (
                '[[routes]]\npath = "/a/"\nallow_origins = ["a.example"]\nallow_method = ["PUT"]\n'
                '[[routes]]\npath = "b"\nmax_age = "1"\nallow_origins = ["*"]'
            ),
            [
                ("malformed-origin", "routes[0].allow_origins[0]", "/a/", 3, 18),
                ("unknown-argument", "routes[0].allow_method", "/a/", 4, 1),
                ("wrong-type", "routes[1].max_age", "b", 7, 1),
                ("malformed-path", "routes[1].path", None, 6, 1),
            ],
        ),
        (
            (
                '[[routes]]\nallow_origins = []\n[[routes]]\npath = "/"\nallow_origins = ["*"]\n'
                '[[routes]]\npath = "/b"\nallow_origins = ["*"]'
            ),
            [
                ("malformed-path", "routes[0].path", None, 1, 1),
                ("no-origins", "routes[0].allow_origins", None, 2, 1),
                ("unreachable-path", "routes[2].path", None, 7, 1),
            ],
        ),
        (
            "[[routes]]\npath = 1",
            [
                ("malformed-path", "routes[0].path", None, 2, 1),
                ("no-origins", "routes[0].allow_origins", None, 1, 1),
            ],
        ),
        ("routes = []", [("wrong-type", "routes", None, 1, 1)]),
        ("routes = 1", [("wrong-type", "routes", None, 1, 1)]),
        ("routes = [{path = '/'}, 1]", [("wrong-type", "routes", None, 1, 1)]),
        ("[routes]\npath = '/'", [("wrong-type", "routes", None, 1, 1)]),
        ("\n[cors]\nmax_age = 1", [("no-origins", "allow_origins", None, 2, 1)]),
        ("max_age = 1", [("no-origins", "allow_origins", None, None, None)]),
    ],
)
def test_problems_name_the_route_and_the_place(
    content: str, expected: list[tuple[object, ...]]
) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(content, "cors.toml")
    found = [
        (each.code, each.subject, each.route, each.line, each.column)
        for each in caught.value.problems
    ]
    assert found == expected
    assert {each.source for each in caught.value.problems} == {"cors.toml"}


def test_place_in_json_is_found() -> None:
    content = '{"cors":\n {"allow_origins": ["a",\n  "a b"], "accept": ["x"]}}'
    with pytest.raises(PolicyError) as caught:
        parse_policy(content, "<stdin>")
    found = [(each.subject, each.line, each.column) for each in caught.value.problems]
    assert found == [
        ("accept[0]", 3, 22),
        ("allow_origins[0]", 2, 21),
        ("allow_origins[1]", 3, 3),
    ]


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("c.toml", "routes = 1", 'Write [[routes]] with path = "/api/"'),
        ("c.toml", "cors.routes = 1", 'Write [[cors.routes]] with path = "/api/"'),
        ("c.json", '{"routes": 1}', 'Write {"routes": [{"path": "/api/", ...}]}'),
        (
            "c.json",
            '{"allow_origins": ["null"]}',
            'Remove it. To accept the risk: "accept_risks": ["opaque-origin"].',
        ),
        (
            "c.toml",
            'allow_origins = ["null"]',
            'Remove it. To accept the risk: accept_risks = ["opaque-origin"].',
        ),
    ],
)
def test_hint_is_written_like_the_file(name: str, content: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(content, name)
    assert caught.value.problems[0].hint.startswith(hint)


@pytest.mark.parametrize("key", ["allow_origins", "name"])
def test_arguments_next_to_routes_are_an_error(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"The key '{key}' cannot be used together with routes"):
        parse_policy(f"{key} = []\n{TOML}", "cors.toml")


def test_routes_at_the_top_level_and_in_a_table_are_an_error() -> None:
    with pytest.raises(ConfigError, match="in the top level and in \\[cors\\]"):
        parse_policy(f"{TOML}[cors]\n", "cors.toml")


@pytest.mark.parametrize(
    ("accept", "code", "subject"),
    [
        ('"plain-http"', "wrong-type", "accept"),
        ("1", "wrong-type", "accept"),
        ("[1]", "wrong-type", "accept"),
        ('["plain-http", "no-such"]', "unknown-advice", "accept[1]"),
        ('["unused-accept"]', "unknown-advice", "accept[0]"),
    ],
)
def test_accepted_advice_is_checked(accept: str, code: str, subject: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(f'accept = {accept}\nallow_origins = ["*"]', "cors.toml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject) == (code, subject)


def test_accepted_advice_of_a_route_is_for_that_route() -> None:
    content = (
        'accept = ["short-max-age", "plain-http"]\n'
        '[[routes]]\npath = "/a"\nallow_origins = ["*"]\nallow_methods = ["GET"]\n'
        'accept = ["safelisted-method", "private-network"]\n'
        '[[routes]]\npath = "/b"\nallow_origins = ["*"]\nallow_methods = ["GET"]'
    )
    file = parse_policy_file(content, "cors.toml")
    found = [file.locate(each) for each in accept_advice(lint_policy(file.require()), file.accept)]
    assert [(each.code, each.value, each.route, each.line, each.column) for each in found] == [
        ("unused-accept", "plain-http", None, 1, 28),
        ("unused-accept", "private-network", "/a", 6, 32),
        ("safelisted-method", "GET", "/b", 10, 18),
    ]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_can_be_accepted(code: str) -> None:
    file = parse_policy_file(f'accept = ["{code}"]\nallow_origins = ["*"]', "cors.toml")
    assert file.accept == {None: (code,)}


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        ('allow_origins = ["*"]\nallow_headers = ["x", "ACCEPT"]', "safelisted-header", (2, 23)),
        ('allow_origins = ["*"]\nallow_headers = ["x", "COOKIE"]', "forbidden-header", (2, 23)),
        ('allow_origins = ["*"]\nmax_age = 90000', "max-age", (2, 1)),
        ('allow_origins = ["*"]\nmax_age = 7201', "max-age-capped", (2, 1)),
        ('allow_origins = ["*"]\nallow_methods = ["PUT"]', "no-content-type", (None, None)),
        ('[cors]\nallow_origins = ["*"]\nallow_methods = ["PUT"]', "short-max-age", (1, 1)),
    ],
)
@pytest.mark.filterwarnings("ignore::corekit.PolicyWarning")
def test_advice_has_a_place(content: str, code: str, place: tuple[int | None, ...]) -> None:
    file = parse_policy_file(content, "cors.toml")
    found = {each.code: file.locate(each) for each in lint_policy(file.require())}[code]
    assert (found.source, found.line, found.column) == ("cors.toml", *place)


@pytest.mark.parametrize("is_routes", [False, True], ids=["list", "routes"])
def test_cost_of_places_is_linear_in_the_advice(*, is_routes: bool) -> None:
    def steps(count: int) -> int:
        origins = [f"http://a{number}.example" for number in range(count)]
        document: dict[str, Any] = {"allow_origins": origins}
        if is_routes:
            paths = (f"/{number}" for number in range(count))
            pairs = zip(paths, origins, strict=True)
            routes = [{"path": path, "allow_origins": [origin]} for path, origin in pairs]
            document = {"routes": routes}
        file = parse_policy_file(json.dumps(document), "cors.json")
        found = lint_policy(file.require())
        assert len(found) >= count
        return own_steps_of(lambda: [file.locate(each) for each in found])

    assert steps(400) < 11 * steps(40)


def test_imported_policy_has_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "placed_app.py").write_text(
        "from corekit import CorsPolicy, CorsRoutes\n"
        "policy = CorsPolicy(allow_origins=['*'], max_age=7201)\n"
        "routes = CorsRoutes([('/', policy)])\n"
    )
    for name in ("policy", "routes"):
        file = find_file(f"placed_app:{name}")
        (found,) = lint_policy(file.require())
        located = file.locate(found)
        assert (located.source, located.line) == (f"placed_app:{name}", None)


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        ("", False),
        ("name = 'x'", False),
        ("[[routes]]\nsrc = '/'", False),
        ("routes = 1", False),
        ("headers = []", False),
        ("max_age = 1", True),
        ("allow_orgins = []", True),
        ("[cors]\nallow_origin = []", True),
        ("[cors]\n", False),
        ("[tool.corekit]\nmax_age = 1", True),
        ("[[cors.routes]]\nexpose_header = 1", True),
        ("[[routes]]\nallow_origins = 1", True),
    ],
)
def test_what_is_a_policy(content: str, holds: bool) -> None:
    assert holds_policy(parse_document(content, "c.toml")) == holds


def test_files_of_a_folder(tmp_path: Path) -> None:
    fine = f'allow_origins = ["{APP}"]'
    for name, content in {
        "b.toml": fine,
        "a/x.json": json.dumps({"allow_origins": [APP]}),
        "a/CORS.TOML": "",
        "a/broken.json": '{"allow_origins": [',
        "a/notes.txt": fine,
        "a/cors.yaml": fine,
        "tsconfig.json": "{ // not JSON",
        "package.json": '{"name": "shop"}',
        ".git/x.toml": fine,
        "node_modules/x.toml": fine,
        "c/pyproject.toml": "[project]\nname = 'x'",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    found = {
        str(Path(each.source).relative_to(tmp_path)): type(each).__name__
        for each in find_files(tmp_path)
    }
    assert list(found.items()) == [
        ("b.toml", "PolicyFile"),
        ("a/CORS.TOML", "PolicyFile"),
        ("a/broken.json", "ConfigError"),
        ("a/x.json", "PolicyFile"),
    ]
    with pytest.raises(ConfigError, match=r"There is no policy in this folder\. Name a file"):
        list(find_files(tmp_path / "c"))
