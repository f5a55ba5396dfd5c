"""The policy of a Django project, read from its settings as the middleware reads them.

This is the one module of the command that knows Django; it is imported only when asked for. Apps
are not loaded, so what views have of their own is for `manage.py cors` and `manage.py check`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.checks import ERROR

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.diagnostics import show
from corekit_config import ConfigError
from corekit_config.importing import looking_in
from corekit_django.checks import check_effect, check_names, check_regexes
from corekit_django.conf import argument_settings, read_settings

from .advice import Advice

__all__ = ["DjangoPolicy", "read_django"]

_VARIABLE: Final = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True, slots=True)
class DjangoPolicy:
    """What the settings say: a policy unless there are problems, and advice on the settings.

    `names` are the settings by the argument that they give; an argument that is missing has its
    default, which nobody wrote. It is None where CORS_POLICY says all.
    """

    source: str
    policy: CorsPolicy | CorsRoutes | None
    problems: tuple[Problem, ...]
    advice: tuple[Advice, ...]
    names: Mapping[str, str] | None


def read_django(module: str) -> DjangoPolicy:
    """Read the settings of `module`, or of DJANGO_SETTINGS_MODULE where it is empty.

    Raises `ConfigError` where they cannot be read, and lets the `PolicyError` of settings through
    that build a policy with problems.
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
            raise ConfigError(source, message, f"Try: python -c 'import {source}'") from error
    faults = [
        Problem(str(each.id), "error", each.msg, each.hint or "", "settings")
        for each in messages
        if each.level >= ERROR
    ]
    advice = [
        Advice("warning", str(each.id), "settings", None, each.msg, each.hint or "")
        for each in messages
        if each.level < ERROR
    ]
    return DjangoPolicy(
        source,
        None if configuration is None else configuration.policy,
        (*problems, *faults),
        tuple(advice),
        None if hasattr(settings, "CORS_POLICY") else argument_settings(),
    )
