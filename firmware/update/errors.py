"""Why an update is not done."""

from services.errors import ServiceError


class UpdateRefused(ServiceError):
    """The bundle is not taken, or not now; the box goes on as it was."""
