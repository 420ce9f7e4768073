"""What the console says when something cannot be done, one table for each area."""
