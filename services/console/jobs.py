"""Long work that a page looks at while it goes on: each step is a line, in order."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from services.console.problems import Problem
from services.console.workshop import Line, WorkshopRefusal
from services.errors import ServiceError

_log = logging.getLogger(__name__)

_KEPT = 20
_AT_ONCE = 4


@dataclass(slots=True)
class _Job:
    lines: list[Line] = field(default_factory=list)
    done: bool = False


class Jobs:
    """Runs each piece of work in a thread of its own; the newest are remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[int, _Job] = OrderedDict()
        self._number = 0

    def begin(self, work: Callable[[], Iterator[Line]]) -> int:
        """Begin; the number to look at it by.

        Raises
        ------
        Problem
            G-5702 while too much is going on.
        """
        with self._lock:
            if sum(not job.done for job in self._jobs.values()) >= _AT_ONCE:
                raise Problem("G-5702")
            self._number += 1
            number, job = self._number, _Job()
            self._jobs[number] = job
            for old in [key for key, each in self._jobs.items() if each.done][:-_KEPT]:
                del self._jobs[old]
        threading.Thread(target=_run, args=[work, job], name="job", daemon=True).start()
        return number

    def look(self, number: int, after: int) -> dict[str, Any]:
        """Lines beyond the first ``after``, and whether more will come.

        Raises
        ------
        Problem
            G-5701 where there is no such job.
        """
        with self._lock:
            job = self._jobs.get(number)
        if job is None:
            raise Problem("G-5701")
        done = job.done
        return {"lines": [asdict(line) for line in job.lines[max(0, after) :]], "done": done}


def _run(work: Callable[[], Iterator[Line]], job: _Job) -> None:
    try:
        for line in work():
            job.lines.append(line)
    except WorkshopRefusal as refusal:
        problem = Problem(refusal.code, refusal.params).as_plain()["error"]
        job.lines.append(Line(refusal.code, False, problem["text"], problem["todo"]))
    except ServiceError as error:
        job.lines.append(Line("G-9001", False, str(error)))
    except Exception as error:  # noqa: BLE001 -- becomes an explained line
        _log.error("a test ended with a fault", exc_info=error)
        problem = Problem("G-9000").as_plain()["error"]
        job.lines.append(Line("G-9000", False, problem["text"], problem["todo"]))
    finally:
        job.done = True
