"""How the box is, in one look: for a person, for scripts, and for Prometheus.

::

    status = collect(configuration, box)
    status.verdict      # Verdict.GOOD
    metrics.render(status)

Nothing in it names a patient.
"""

from firmware.status.collect import collect
from firmware.status.model import Status, Verdict

__all__ = ["Status", "Verdict", "collect"]
