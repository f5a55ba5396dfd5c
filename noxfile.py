"""The releases of Django that the environment of `make test` does not have.

That environment has the newest release that its Python can run. Where this is not the long-term
release, the tests of corekit_django run with that too, in an environment of their own.
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
        session.log(f"Django {installed} is long-term and the newest here; `make tests` runs it.")
        return
    project = nox.project.load_toml("pyproject.toml")
    groups = nox.project.dependency_groups(project, "test")
    session.install("--editable", ".", f"django~={release}.0", *groups)
    session.run("python", "-m", "pytest", "-q", "tests/django", "adapters/corekit_django")
