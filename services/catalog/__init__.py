"""The catalog: everything that the box knows, in one SQLite database.

Console, dispatcher, listener and the command line meet only here. Every step is one
``BEGIN IMMEDIATE`` transaction, so two processes that write at once wait for each other and never
see an error; a step that a power cut interrupts did not happen.
"""

from services.catalog.database import Catalog

__all__ = ["Catalog"]
