"""The policy of a Django project, read from its settings as the middleware reads them.

This is the only module of the command that imports Django, and it is imported on demand. Apps are
not loaded, so per-view policies are up to `manage.py cors` and `manage.py check`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.checks import ERROR

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.diagnostics import Diagnostic, show
from corekit_config import ConfigError
from corekit_config.importing import looking_in
from corekit_django.checks import check_effect, check_names, check_regexes
from corekit_django.conf import argument_settings, read_settings

_VARIABLE: Final = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True, slots=True)
class DjangoPolicy:
    """The policy of the settings, or None if they have problems, and what is wrong with them.

    `names` maps each argument to the setting that gives it, without those that keep their default.
    It is None if CORS_POLICY is the policy.
    """

    source: str
    policy: CorsPolicy | CorsRoutes | None
    diagnostics: tuple[Diagnostic, ...]
    names: Mapping[str, str] | None


def read_django(module: str) -> DjangoPolicy:
    """Read the settings of `module`, or of DJANGO_SETTINGS_MODULE if it is empty.

    Raises `ConfigError` if they cannot be read, and lets the `PolicyError` of settings pass that
    build an invalid policy themselves.
    """
    source = module or os.environ.get(_VARIABLE, "")
    if not source:
        message = f"{_VARIABLE} is not set."
        raise ConfigError("--django", message, "Name the settings: --django shop.settings")
    os.environ[_VARIABLE] = source
    with looking_in(Path.cwd()):
        try:
            configuration, problems = read_settings()
            messages = [*check_names(), *check_effect(), *check_regexes()]
        except PolicyError:
            raise
        except (Exception, SystemExit) as error:
            # Settings are a program, and may raise anything.
            message = f"The settings cannot be read: {type(error).__name__}: {show(str(error))}."
            raise ConfigError(source, message, f"Run: python -c 'import {source}'") from error
    diagnostics: list[Diagnostic] = [*problems]
    diagnostics += [
        Diagnostic(
            str(each.id),
            "error" if each.level >= ERROR else "warning",
            each.msg,
            each.hint or "",
            "settings",
        )
        for each in messages
    ]
    return DjangoPolicy(
        source,
        None if configuration is None else configuration.policy,
        tuple(diagnostics),
        None if hasattr(settings, "CORS_POLICY") else argument_settings(),
    )
