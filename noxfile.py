"""Run the tests of corekit_django with releases of Django that `make test` does not install.

The environment of `make test` has the newest release that its Python supports. If that is not the
long-term support release, the tests also run with that one, in a separate environment.
"""

from __future__ import annotations

from importlib.metadata import version

import nox

LONG_TERM = "5.2"

installed = version("django")
others = [release for release in (LONG_TERM,) if not installed.startswith(f"{release}.")]

nox.options.envdir = ".cache/nox"
nox.options.reuse_venv = "yes"


@nox.session(venv_backend="venv" if others else "none")
@nox.parametrize("release", others or [installed])
def django(session: nox.Session, release: str) -> None:
    """Run the tests of corekit_django with another release of Django."""
    if not others:
        session.log(f"Django {installed} is the long-term support release; `make tests` covers it.")
        return
    project = nox.project.load_toml("pyproject.toml")
    groups = nox.project.dependency_groups(project, "test")
    session.install("--editable", ".", f"django~={release}.0", *groups)
    session.run("python", "-m", "pytest", "-q", "tests/django", "adapters/corekit_django")
