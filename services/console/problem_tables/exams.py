"""Codes 4xxx: deliveries that do not get through, matching, reconciling, and going on with exams.

Codes 41xx also stand for what keeps a delivery from its peer, see :mod:`services.outbox.verdict`.
"""

from __future__ import annotations

from services.console.problems import Explanation

_ON_THE_BOX = "Yes. The images are kept on the box until the archive has them."
_NOTHING_CHANGED = "Yes. Nothing was changed."


def _delivery(what: str, todo: str, *, safe: str = _ON_THE_BOX) -> Explanation:
    return Explanation(what, "yes", safe, todo)


PROBLEMS = {
    "G-4101": _delivery(
        "The system cannot be reached.",
        "Nothing needs to be done: the box tries again by itself. If it lasts, tell the "
        "technician.",
    ),
    "G-4102": _delivery(
        "The system cannot take it for the time being.",
        "Nothing needs to be done: the box tries again by itself. If it lasts, ask the "
        "system's administrator whether its disk is full.",
    ),
    "G-4103": _delivery(
        "The system does not authorise this box.",
        "Ask the system's administrator to give this box the right, then resend.",
    ),
    "G-4104": _delivery(
        "The system refuses a value of the message.",
        "Show the system's words to its administrator, then resend.",
    ),
    "G-4105": _delivery(
        "The RIS has closed this exam already and takes no more changes.",
        "Ask who closed it at the RIS. Cancel this report when the RIS is right.",
    ),
    "G-4106": _delivery(
        "The system says that it has this already.",
        "Compare the record there with the exam here. Cancel it when they agree.",
    ),
    "G-4107": _delivery(
        "The system does not know what this belongs to.",
        "Show the system's words to its administrator, then resend.",
    ),
    "G-4108": _delivery(
        "The system does not offer this service.",
        "Tell the technician: service or port may be set wrongly. Then resend.",
    ),
    "G-4109": _delivery(
        "The archive refuses the image: it does not fit its class.",
        "Show the archive's words to its administrator, then resend or redirect it.",
    ),
    "G-4110": _delivery(
        "The system cannot understand what was sent.",
        "Show the system's words to its administrator, then resend or redirect it.",
    ),
    "G-4111": _delivery(
        "The archive has stored the image but does not promise to keep it.",
        "Ask the PACS administrator, then resend or redirect it.",
    ),
    "G-4112": _delivery(
        "The system does not take this kind of object.",
        "Ask the system's administrator to allow it, then resend; or redirect it.",
    ),
    "G-4113": _delivery(
        "The box could not prepare this for sending.",
        "Do not cancel it. Tell the technician this code and the time.",
    ),
    "G-4114": Explanation(
        "The image was taken, but its file cannot be found on the card.",
        "no",
        "No. This image may be lost. The other images are kept.",
        "Do not delete anything. Call service before the card is used any further.",
    ),
    "G-4115": _delivery(
        "The system gave an answer that DICOM does not define.",
        "The box tries again by itself. If it lasts, show the words to the system's administrator.",
    ),
    "G-4116": _delivery(
        "It is kept back while the exam is matched with another entry.",
        "Wait a moment: it goes on by itself.",
    ),
    "G-4117": _delivery(
        "The report of the exam's start is held, and this one follows it.",
        "Look after the report of the start first.",
    ),
    "G-4118": _delivery(
        "This system is not configured on the box any more.",
        "Cancel it, or ask the technician to configure the system again.",
    ),
    "G-4119": _delivery(
        "The archive has not yet said whether it keeps the images.",
        "Nothing needs to be done: the box asks again. If it lasts, ask the PACS administrator "
        "whether the archive can reach this box.",
    ),
    "G-4120": _delivery(
        "The printer did not print it.",
        "Open the print screen of this exam: it says what to do.",
    ),
    "G-4201": Explanation(
        "This delivery cannot be changed now. {words}",
        "yes",
        _ON_THE_BOX,
        "Look at the list again: it may have moved on meanwhile.",
    ),
    "G-4203": Explanation(
        "Pictures are being taken for this exam, so it cannot be matched now.",
        "yes",
        _NOTHING_CHANGED,
        "Stop the recording, or wait for the picture, then match again.",
    ),
    "G-4204": Explanation(
        "What you compared has changed meanwhile.",
        "yes",
        _NOTHING_CHANGED,
        "Compare both sides again, then confirm.",
    ),
    "G-4205": Explanation(
        "Something of this exam has left the box meanwhile.",
        "yes",
        _NOTHING_CHANGED,
        "Open the match again: the archive must correct this exam, and a supervisor confirms.",
    ),
    "G-4206": Explanation(
        "The box did not do this. {words}",
        "yes",
        _NOTHING_CHANGED,
        "Follow the box's words; if they do not help, tell the technician this code.",
    ),
    "G-4207": Explanation(
        "There is not enough room to rewrite the exam. {words}",
        "yes",
        _NOTHING_CHANGED,
        "Wait until images have been sent, or ask the technician to make room.",
        507,
    ),
    "G-4208": Explanation(
        "The entry's data cannot be written into the images. {words}",
        "yes",
        _NOTHING_CHANGED,
        "Have the entry corrected at the RIS, refresh the worklist, then match again.",
    ),
    "G-4209": Explanation(
        "This entry is not on the worklist any more.",
        "yes",
        _NOTHING_CHANGED,
        "Refresh the worklist and choose again.",
        404,
    ),
    "G-4210": Explanation(
        "There is nothing to reconcile here. {words}",
        "yes",
        _NOTHING_CHANGED,
        "Go back to the list.",
        404,
    ),
    "G-4211": Explanation(
        "Exam {exam} is still open, so images can be taken into it as it is.",
        "yes",
        _NOTHING_CHANGED,
        "Go to the acquire screen.",
    ),
    "G-4212": Explanation(
        "Exam {exam} of another patient or order is still open.",
        "yes",
        _NOTHING_CHANGED,
        "Finish that exam first.",
    ),
    "G-4213": Explanation(
        "The identifiers that were compared are not those of this exam.",
        "yes",
        _NOTHING_CHANGED,
        "Look at the exam again, compare it with the patient, then hold.",
    ),
}
