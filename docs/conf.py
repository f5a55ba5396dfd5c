"""How Sphinx builds the site: `make docs`.

The pages are those of the repository, with links that work on GitHub too. Only the navigation and
the reference, from docstrings, are in the site alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pygments.lexers.special import TextLexer

import corekit

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SOURCE: Final = "https://github.com/corekit/corekit"

NAVIGATION: Final = {
    "Documentation": ("docs/README",),
    "Frameworks": (
        *("docs/fastapi", "docs/django", "docs/flask", "docs/aiohttp", "docs/sanic"),
        *("docs/asgi-wsgi", "docs/websockets", "docs/local-servers", "docs/at-the-edge"),
    ),
    "Policies": (
        *("docs/policy", "docs/recipes", "docs/policy-files", "docs/changing-a-policy"),
        *("docs/dynamic-origins", "docs/guard"),
    ),
    "Tools": ("docs/troubleshooting", "docs/command", "docs/logging", "docs/testing"),
    "Migrating": (
        *("docs/migrating-from-django-cors-headers", "docs/migrating-from-flask-cors"),
        "docs/migrating-from-starlette",
    ),
    "Background": (
        *("docs/browsers", "docs/matrix", "docs/threat-model", "docs/performance", "SECURITY"),
    ),
    "Reference": (
        *("docs/api/corekit", "docs/api/guard", "docs/api/adapters", "docs/api/configuration"),
        *("docs/api/testing", "docs/api/tools"),
    ),
    "Development": (
        *("CONTRIBUTING", "docs/writing-an-adapter", "docs/development/decisions"),
        *("docs/development/mutation", "docs/development/performance", "CHANGELOG"),
    ),
}
"""The pages by part of the navigation. The first page is README, and lists all of them."""

project = "corekit"
author = "the corekit authors"
release = corekit.__version__
html_title = f"corekit {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
root_doc = "README"
include_patterns = ["*.md", "docs/**"]
default_role = "py:obj"

myst_heading_anchors = 4
autodoc_typehints = "description"
autodoc_member_order = "bysource"

# The first page is found at the address of the site, too.
html_additional_pages = {"index": "redirect.html"}
templates_path = ["templates"]

html_theme = "furo"
html_copy_source = False
html_static_path = ["static"]
html_js_files = [("accessible.js", {"defer": "defer"})]
html_theme_options = {
    "source_repository": SOURCE,
    "source_branch": "main",
    "source_directory": "",
}


def prepare(_: Sphinx, page: str, source: list[str]) -> None:
    """Link to the code in the repository, and append the navigation to the first page."""
    source[0] = source[0].replace("](../examples/", f"]({SOURCE}/blob/main/examples/")
    if page == root_doc:
        for caption, pages in NAVIGATION.items():
            names = "\n".join(pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{names}\n```\n"


def setup(app: Sphinx) -> None:
    app.add_lexer("haproxy", TextLexer)
    app.connect("source-read", prepare)
