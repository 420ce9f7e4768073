"""The outbox: the durable queue of everything that is owed to a peer."""
