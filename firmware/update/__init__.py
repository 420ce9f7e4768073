"""Signed updates of the box, into the slot that does not run."""
