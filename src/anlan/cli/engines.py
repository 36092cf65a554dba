"""Every command of `anlan engine`, each in its own module."""

from anlan.cli import replay, standby
from anlan.cli.engine import app

__all__ = ["app", "replay", "standby"]
