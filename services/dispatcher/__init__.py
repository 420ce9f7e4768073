"""The dispatcher: takes everything that is owed to its peers, one worker a peer."""

from services.dispatcher.drain import drain
from services.dispatcher.service import Dispatcher

__all__ = ["Dispatcher", "drain"]
