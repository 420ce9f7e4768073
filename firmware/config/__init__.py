"""The typed configuration of one box.

::

    configuration = load(Path("/etc/gantry/gantry.toml"))   # or defaults()
    print(template())
"""

from firmware.config.capture import ProfileSettings, SourceSettings
from firmware.config.console import ConsoleSettings
from firmware.config.faults import ConfigurationError, Fault
from firmware.config.load import defaults, load
from firmware.config.model import Configuration
from firmware.config.panel import CodeRuleSettings, PanelSettings, TriggerSettings
from firmware.config.schema import (
    ListenerSettings,
    RetentionSettings,
)
from firmware.config.template import template

__all__ = [
    "CodeRuleSettings",
    "Configuration",
    "ConfigurationError",
    "ConsoleSettings",
    "Fault",
    "ListenerSettings",
    "PanelSettings",
    "ProfileSettings",
    "RetentionSettings",
    "SourceSettings",
    "TriggerSettings",
    "defaults",
    "load",
    "template",
]
