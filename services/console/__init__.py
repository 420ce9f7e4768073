"""The console: a page on the box that shows worklist, exams, images and the queue."""

from services.console.app import make_app

__all__ = ["make_app"]
