"""`corekit export`: writes the configuration of a proxy, and checks whether it is up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from corekit import CorsPolicy
from corekit.export import TARGETS, export_policy
from corekit_cli import command
from tests.export.nginx import rows

TOML: Final = 'allow_origins = ["https://app.example.com"]\nmax_age = 600\n'
POLICY: Final = CorsPolicy(allow_origins=["https://app.example.com"], max_age=600)
NGINX: Final = TARGETS["nginx"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cors.toml").write_text(TOML)
    return tmp_path


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command.corekit, ["export", *arguments], input=text)


def test_files_are_printed_one_after_the_other() -> None:
    result = run("nginx", "cors.toml")
    expected = export_policy(POLICY, NGINX, command="corekit export nginx cors.toml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, expected.text, "")


def test_policy_is_read_from_standard_input() -> None:
    result = run("nginx", "-", text=TOML)
    ((regex, _),) = rows(result.stdout, "cors_origin")
    assert regex == r"~^https://app\.example\.com\z"


def test_files_are_written_and_compared(folder: Path) -> None:
    given = ("nginx", "cors.toml", "-o", "deploy/nginx")
    names = ("deploy/nginx/cors.conf", "deploy/nginx/cors_location.conf")
    missing = run(*given, "--check")
    assert (missing.exit_code, missing.stdout) == (
        1,
        "".join(f"{each}: missing\n" for each in names),
    )
    written = run(*given)
    assert (written.exit_code, written.stdout) == (
        0,
        "".join(f"{each}: written\n" for each in names),
    )
    checked = run(*given, "--check")
    assert checked.exit_code == 0
    assert checked.stdout == "".join(f"{each}: up to date\n" for each in names)
    texts = [folder.joinpath(each).read_text() for each in names]
    assert texts == [
        *export_policy(POLICY, NGINX, command="corekit export nginx cors.toml").files.values()
    ]
    (folder / "cors.toml").write_text(TOML.replace("600", "60"))
    stale = run(*given, "--check", "--json")
    data = json.loads(stale.stdout)
    assert (stale.exit_code, data["ok"]) == (1, False)
    assert data["states"] == dict.fromkeys(names, "out of date")
    assert [folder.joinpath(each).read_text() for each in names] == texts


def test_json_has_the_files_and_what_is_known_about_them() -> None:
    data = json.loads(run("nginx", "cors.toml", "--json").stdout)
    assert data.keys() == {
        *("version", "ok", "target", "level", "fingerprint", "files"),
        *("differences", "diagnostics", "states"),
    }
    assert data["fingerprint"] == POLICY.fingerprint
    assert (data["ok"], data["target"], data["level"]) == (True, "nginx", "exact")
    assert [*data["files"]] == ["cors.conf", "cors_location.conf"]
    assert all(each in data["files"]["cors.conf"] for each in data["differences"])


def test_standalone_is_one_file(folder: Path) -> None:
    upstream = "http://127.0.0.1:8000"
    result = run("nginx", "cors.toml", "--standalone", upstream, "-o", ".")
    assert (result.exit_code, result.stdout) == (0, "nginx.conf: written\n")
    text = (folder / "nginx.conf").read_text()
    assert f"corekit export nginx cors.toml --standalone {upstream}\n" in text
    assert f"proxy_pass {upstream};" in text


def test_files_with_a_name_are_written_and_compared(folder: Path) -> None:
    given = ("nginx", "cors.toml", "--name", "admin", "-o", ".")
    written = run(*given)
    assert (written.exit_code, written.stdout) == (
        0,
        "cors_admin.conf: written\ncors_admin_location.conf: written\n",
    )
    text = (folder / "cors_admin.conf").read_text()
    assert text.splitlines()[1] == "#     corekit export nginx cors.toml --name admin"
    assert "$cors_admin_origin" in text
    assert run(*given, "--check").exit_code == 0


def test_name_has_to_be_a_name() -> None:
    result = run("nginx", "cors.toml", "--name", "a;\x1b[2J", "--standalone", "http://127.0.0.1")
    assert result.exit_code == 2
    assert r"Invalid value for '--name': name='a;\x1b[2J' cannot be a part" in result.stderr


def test_head_of_a_file_without_comments_is_next_to_the_output(folder: Path) -> None:
    (folder / "cors.toml").write_text(f"{TOML}allow_credentials = true\n")
    result = run("aws-s3", "cors.toml")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["CORSRules"][0]["MaxAgeSeconds"] == 600
    lines = result.stderr.splitlines()
    assert "for an Amazon S3 bucket, written by:" in lines[0]
    assert lines[1:3] == [
        "    corekit export aws-s3 cors.toml",
        "Level: browser-equal. Not proven by running.",
    ]
    written = run("aws-s3", "cors.toml", "-o", ".")
    assert (written.stdout, written.stderr) == ("cors_s3.json: written\n", result.stderr)
    assert (folder / "cors_s3.json").read_text() == result.stdout
    checked = run("aws-s3", "cors.toml", "-o", ".", "--check")
    assert (checked.stdout, checked.stderr) == ("cors_s3.json: up to date\n", "")


def test_head_is_not_printed_if_the_policy_is_refused() -> None:
    result = run("aws-s3", "cors.toml")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "[credentials-not-exported]" in result.stdout


def test_service_has_no_complete_configuration() -> None:
    result = run("aws-s3", "cors.toml", "--standalone", "http://127.0.0.1:8000")
    assert result.exit_code == 2
    assert "aws-s3 does not run on this machine: leave out --standalone." in result.stderr


def test_upstream_has_to_be_a_url() -> None:
    result = run("nginx", "cors.toml", "--standalone", "http://a;\x1b[2J")
    assert result.exit_code == 2
    assert r"'http://a;\x1b[2J' is not an HTTP URL without a path." in result.stderr


def test_what_is_not_exported_has_a_code_and_writes_nothing(folder: Path) -> None:
    (folder / "cors.toml").write_text('[[routes]]\npath = "/api/"\nallow_origins = ["*"]\n')
    result = run("nginx", "cors.toml", "-o", "deploy")
    assert result.exit_code == 1
    assert result.stdout.startswith("cors.toml: 1 error\n")
    assert "[routes-not-exported]" in result.stdout
    assert "'/api/'" in result.stdout
    assert "--name" in result.stdout
    assert not (folder / "deploy").exists()
    data = json.loads(run("nginx", "cors.toml", "--json").stdout)
    assert (data["ok"], data["files"]) == (False, {})
    assert [each["code"] for each in data["diagnostics"]] == ["routes-not-exported"]


def test_guard_is_a_warning_next_to_the_output(folder: Path) -> None:
    (folder / "cors.toml").write_text(f'{TOML}[guard]\nhosts = ["api.example.com"]\n')
    result = run("nginx", "cors.toml")
    assert result.exit_code == 0
    assert "[guard-not-exported]" in result.stderr
    assert "guard" not in result.stdout


def test_lookup_of_an_application_is_refused(folder: Path) -> None:
    (folder / "looked_up_shop.py").write_text(
        "from corekit import CorsPolicy\nfrom corekit_asgi import CorsMiddleware\n"
        "from corekit_lookups import OriginLookup\n\n\n"
        "async def app(scope, receive, send):\n    ...\n\n\n"
        "lookup = OriginLookup(lambda origin: True, ttl=60)\n"
        "policy = CorsPolicy(allow_origins=['https://app.example.com'])\n"
        "app = CorsMiddleware(app, policy, lookup=lookup)\n"
    )
    result = run("nginx", "looked_up_shop:app")
    assert (result.exit_code, "[look-up-not-exported]" in result.stdout) == (1, True)


@pytest.mark.parametrize("option", [(), ("--json",)])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("nginx", "no.toml"), "There is no such file."),
        (("nginx", "cors.toml", "-o", "cors.toml"), "The file cannot be written: "),
        (("nginx", "cors.toml", "-o", "cors.toml", "--check"), "The file cannot be read: "),
        (("nginx", "cors.toml", "--check"), "Name the folder of the files to check"),
        (("apache", "cors.toml"), "'nginx'"),
    ],
    ids=["missing", "unwritable", "unreadable", "no-folder", "no-target"],
)
def test_errors_have_status_2(
    given: tuple[str, ...], message: str, option: tuple[str, ...]
) -> None:
    result = run(*given, *option)
    assert result.exit_code == 2
    assert message in result.stderr
    if option:
        assert message in json.loads(result.stdout)["error"]["message"]


def test_name_of_the_source_is_quoted(folder: Path) -> None:
    name = "my; policy\x7f.toml"
    (folder / name).write_text(TOML)
    head = run("nginx", name).stdout.splitlines()[1]
    assert head == r"#     corekit export nginx 'my; policy\x7f.toml'"


def test_help_names_every_target() -> None:
    text = run("--help").stdout
    assert all(f"\n    {name} " in text for name in TARGETS)
