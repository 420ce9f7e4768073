"""During which run of the machine somebody last said that this is the patient."""

from __future__ import annotations

NAME = "0012_at_hand_boot"

STATEMENTS = "ALTER TABLE at_hand ADD COLUMN boot TEXT NOT NULL DEFAULT ''"
