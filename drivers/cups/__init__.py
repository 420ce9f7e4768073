"""Printers that hang on a CUPS server: queues, jobs, media, and what ails them."""

from drivers.cups.words import (
    Document,
    Job,
    JobState,
    Media,
    Options,
    PrinterAway,
    PrinterRefused,
    QueueAbilities,
    QueueState,
    Readiness,
    Submitted,
)

__all__ = [
    "Document",
    "Job",
    "JobState",
    "Media",
    "Options",
    "PrinterAway",
    "PrinterRefused",
    "QueueAbilities",
    "QueueState",
    "Readiness",
    "Submitted",
]
