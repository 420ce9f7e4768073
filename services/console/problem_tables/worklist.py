"""Codes 1xxx: worklist, scans, and whose exam is opened."""

from __future__ import annotations

from services.console.problems import Explanation

_KEPT = "Yes. Nothing was opened or changed."

PROBLEMS = {
    "G-1001": Explanation(
        "No RIS is configured, so there is no worklist.",
        "yes",
        _KEPT,
        "Use Unscheduled for this patient and tell the technician.",
    ),
    "G-1002": Explanation(
        "The RIS gave no worklist. {words}",
        "yes",
        "Yes. The list on the screen is the last one received.",
        "Work with this list and compare every patient with care; or use Unscheduled.",
        502,
    ),
    "G-1101": Explanation(
        "The code could not be read. {words}",
        "yes",
        _KEPT,
        "Scan again, slowly. If it stays so, scan another code of the patient or search by hand.",
        422,
    ),
    "G-1102": Explanation(
        "Nobody on the worklist has the number of this code.",
        "yes",
        _KEPT,
        "Refresh the list, or look under All days. If the patient is not there, use Unscheduled.",
        404,
    ),
    "G-1103": Explanation(
        "Several entries of the worklist fit this code.",
        "yes",
        _KEPT,
        "Choose the examination that is to be done now.",
    ),
    "G-1104": Explanation(
        "This code contradicts the worklist: one part of it fits an entry, another does not.",
        "yes",
        _KEPT,
        "Ask the patient for name and birth date. Do not go on until it is clear who this is.",
    ),
    "G-1105": Explanation(
        "This patient is on the worklist for another day: {date}.",
        "yes",
        _KEPT,
        "Check the appointment. If the examination is to be done now, open the entry shown.",
    ),
    "G-1106": Explanation(
        "The RIS says that this examination was started elsewhere already.",
        "yes",
        _KEPT,
        "Ask whether it was done. Open the entry shown only if it has to be done here.",
    ),
    "G-1107": Explanation(
        "Everything on the worklist for this code is finished or cancelled.",
        "yes",
        _KEPT,
        "To add images, append to the exam in Exams. To do it again, open the entry shown.",
    ),
    "G-1108": Explanation(
        "This code holds no number of a patient or an order.",
        "yes",
        _KEPT,
        "Scan the code of the wristband or of the request form.",
        422,
    ),
    "G-1109": Explanation(
        "This box has no rules for codes.",
        "yes",
        _KEPT,
        "Search the list by hand and ask the technician to set up the scanner.",
    ),
    "G-1201": Explanation(
        "Another exam is still open: number {exam}.",
        "yes",
        "Yes. The open exam and its images are kept.",
        "Finish that exam first; the patient cannot be changed while it is open.",
    ),
    "G-1202": Explanation(
        "Fewer than two identifiers of the patient were compared.",
        "yes",
        _KEPT,
        "Compare a second one with the patient and hold the button, or scan another code.",
    ),
    "G-1203": Explanation(
        "What was compared is not what the entry says: {names}.",
        "yes",
        _KEPT,
        "Go back and choose the entry again. Compare with the patient before you go on.",
    ),
    "G-1204": Explanation(
        "This entry is no longer on the worklist.",
        "yes",
        _KEPT,
        "Go back to the list: the RIS changed or removed the entry.",
        404,
    ),
    "G-1205": Explanation(
        "The chosen entries belong to different patients.",
        "yes",
        _KEPT,
        "Choose entries of one patient only.",
    ),
    "G-1206": Explanation(
        "No room for another exam. {words}",
        "yes",
        "Yes. Everything that was taken is kept.",
        "Look in Exams what waits to be sent, and tell the technician.",
        507,
    ),
    "G-1207": Explanation(
        "The entry says too little of the patient to be sure who it is.",
        "yes",
        _KEPT,
        "Use Unscheduled and enter what the patient tells you; tell the RIS administrator.",
    ),
    "G-1208": Explanation(
        "This exam is not open any more.",
        "yes",
        "Yes. Its images are kept and are being sent.",
        "Go to the worklist, or find the exam in Exams.",
    ),
    "G-1209": Explanation(
        "The entry was not accepted. {words}",
        "yes",
        _KEPT,
        "Correct what is named and try again.",
        422,
    ),
    "G-1210": Explanation(
        "There is no protocol of this name: {name}.",
        "yes",
        _KEPT,
        "Choose another protocol.",
        422,
    ),
    "G-1211": Explanation(
        "This entry has warnings that a scan cannot settle.",
        "yes",
        _KEPT,
        "Read the warnings, compare with the patient, and hold the button.",
    ),
}
