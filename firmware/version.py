"""The version of the software on this box."""

from importlib.metadata import PackageNotFoundError, version


def software_version() -> str:
    """As installed; ``unknown`` when run from a tree that was never installed."""
    try:
        return version("gantry")
    except PackageNotFoundError:
        return "unknown"
