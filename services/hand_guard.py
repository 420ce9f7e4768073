"""Nothing is taken for a patient whom the screen does not have open, or who was put in doubt."""

from __future__ import annotations

from services.box import Box
from services.catalog import at_hand, audit
from services.errors import NotFound
from services.refusals import Refused, other_exam, still_this_patient, wrong_patient
from services.scanned_identity import Verdict

WRISTBAND = "wristband"
"""The doubt that a wrong code raises: only a right one, or a person's word, ends it."""

_AGREES = (Verdict.VERIFIED, Verdict.ONE_MORE)


class HandGuard:
    """Asks the catalog at every press; satisfies :class:`services.trigger_words.Guard`.

    A wrong wristband is kept there too, so that no crash and no power cut lets it be forgotten.
    Without an exam at hand, as on a box that is used from the command line, whatever is armed
    counts.
    """

    def __init__(self, box: Box) -> None:
        self._box = box

    def refusal(self, exam_id: str) -> Refused | None:
        """Why nothing may be taken for this exam now."""
        hand = at_hand.get(self._box.catalog)
        if hand is None:
            return None
        if hand.exam_id != exam_id:
            return other_exam()
        if hand.confirmed_at is not None:
            return None
        return wrong_patient() if hand.doubt == WRISTBAND else still_this_patient()

    def scanned(self, exam_id: str, verdict: Verdict) -> bool:
        """Keep that a wrong code was scanned, or that a right one has ended the doubt."""
        hand = at_hand.get(self._box.catalog)
        if hand is None or hand.exam_id != exam_id:
            return False
        doubted = hand.confirmed_at is None
        settled = verdict is Verdict.VERIFIED or (verdict in _AGREES and hand.doubt == WRISTBAND)
        if verdict is not Verdict.MISMATCH and not (doubted and settled):
            return True
        with self._box.catalog.writing() as db:
            now = self._box.clock.now()
            if verdict is Verdict.MISMATCH:
                at_hand.ask(db, exam_id, WRISTBAND)
                audit.note(db, now, "", "operator", "wristband", "another patient", exam_id)
            else:
                at_hand.confirm(db, exam_id, now)
                audit.note(db, now, "", "operator", "wristband", "right patient", exam_id)
        return True

    def chosen(self, exam_id: str, protocol: str) -> None:
        """Keep what a pedal chose, so that the screen shows it and a restart comes back to it."""
        try:
            with self._box.catalog.writing() as db:
                at_hand.choose_protocol(db, exam_id, protocol)
        except NotFound:
            # nothing is at hand: the choice lasts as long as the exam is armed
            return
