"""Discarded images: kept, not sent, and brought back until the exam ends.

That nothing of a discarded image is owed is the database's own rule, since the dispatcher, a
commitment report, a dead process's lease and a person each make deliveries due in a way of their
own, and the older software that a box may be rolled back to knows of no discards.
"""

from __future__ import annotations

NAME = "0005_discarded"

_OWED = "NEW.kind = 'store' AND NEW.state IN ('waiting', 'held')"
_DISCARDED = (
    "EXISTS (SELECT 1 FROM instance WHERE sop_instance_uid = NEW.sop_instance_uid"
    " AND discarded IS NOT NULL)"
)
_CANCEL = (
    "UPDATE delivery SET before_discard = state, state = 'cancelled', lease_owner = NULL,"
    " lease_until = NULL"
)

STATEMENTS = (
    "ALTER TABLE instance ADD COLUMN discarded TEXT",
    "ALTER TABLE instance ADD COLUMN discard_reason TEXT",
    "ALTER TABLE instance ADD COLUMN discarded_by TEXT",
    "ALTER TABLE delivery ADD COLUMN before_discard TEXT",
    "CREATE INDEX instance_discarded ON instance (exam_id) WHERE discarded IS NOT NULL",
    "CREATE TRIGGER discarded_cancels AFTER UPDATE OF discarded ON instance"
    " WHEN NEW.discarded IS NOT NULL BEGIN"
    f" {_CANCEL} WHERE kind = 'store' AND sop_instance_uid = NEW.sop_instance_uid"
    " AND state IN ('waiting', 'held'); END",
    "CREATE TRIGGER discarded_is_not_owed AFTER INSERT ON delivery"
    f" WHEN {_OWED} AND {_DISCARDED} BEGIN {_CANCEL} WHERE id = NEW.id; END",
    "CREATE TRIGGER discarded_is_not_sent AFTER UPDATE OF state ON delivery"
    f" WHEN {_OWED} AND {_DISCARDED} BEGIN {_CANCEL} WHERE id = NEW.id; END",
)
"""``before_discard`` is the state to which a delivery comes back with its image."""
