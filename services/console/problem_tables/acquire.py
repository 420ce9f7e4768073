"""Codes 2xxx: taking pictures."""

from __future__ import annotations

from services.console.problems import Explanation

_KEPT = "Yes. Every image that is shown as a thumbnail is kept; nothing was taken now."

PROBLEMS = {
    "G-2101": Explanation(
        "No exam is open, so there is nobody to take pictures of.",
        "yes",
        _KEPT,
        "Choose the patient in the worklist, then take the picture again.",
    ),
    "G-2102": Explanation(
        "A clip is being recorded.",
        "yes",
        "Yes. The clip goes on, and everything before it is kept.",
        "Stop the recording first, then do this again.",
    ),
    "G-2103": Explanation(
        "STOP: the code that was scanned belongs to another patient or order than this exam.",
        "yes",
        "Yes. Images taken until now are kept in this exam; nothing more is taken.",
        "Look at the wristband of the patient before you. Scan the right code, or compare name and"
        " birth date and hold the button. If it is another patient, finish this exam first.",
    ),
    "G-2104": Explanation(
        "It must be confirmed that this is still the same patient.",
        "yes",
        "Yes. Images taken until now are kept; nothing more is taken until then.",
        "Compare the patient with the screen and confirm, or finish the exam.",
    ),
    "G-2105": Explanation(
        "The source {source} shows no live picture: {state}. {words}",
        "yes",
        _KEPT,
        "Look whether the modality is switched on and its cable is plugged in. The picture comes"
        " back by itself; the exam stays open.",
        503,
    ),
    "G-2106": Explanation(
        "No picture came in time. {words}",
        "yes",
        _KEPT,
        "Look whether the picture moves, then try again.",
        503,
    ),
    "G-2107": Explanation(
        "The protocol {protocol} makes single images only, no clips.",
        "yes",
        _KEPT,
        "Take single images, or choose a protocol that records clips.",
    ),
    "G-2108": Explanation(
        "The storage of the box is full: {words}",
        "partly",
        "Images shown as thumbnails are kept. This last one was not kept.",
        "Finish the exam and tell the technician to make room.",
        507,
    ),
    "G-2109": Explanation(
        "The box refused this step: {words}",
        "yes",
        _KEPT,
        "Follow the box's words; if they do not help, tell the technician this code.",
    ),
    "G-2110": Explanation(
        "The part of the box that takes pictures does not answer.",
        "yes",
        "Yes. Images shown as thumbnails are kept; nothing was taken now, and nothing is taken"
        " later by itself.",
        "Wait: it is started again within seconds. If this stays, tell the technician.",
        503,
    ),
    "G-2111": Explanation(
        "The code was not understood. {words}",
        "yes",
        _KEPT,
        "Scan again, slowly, or scan another code of the patient.",
        422,
    ),
    "G-2112": Explanation(
        "The code holds nothing that can be compared with this exam.",
        "yes",
        _KEPT,
        "Scan another code of the patient, or compare name and birth date by eye.",
    ),
    "G-2113": Explanation(
        "Another exam is open than the one on this screen.",
        "yes",
        _KEPT,
        "Look at the patient's name at the top of the screen, then try again.",
    ),
    "G-2114": Explanation(
        "This box has no rules for reading codes.",
        "yes",
        _KEPT,
        "Compare the patient by eye, and ask the technician to set up the scanner.",
    ),
    "G-2115": Explanation(
        "There is no protocol {protocol} any more.",
        "yes",
        _KEPT,
        "Choose one of the protocols that are shown.",
        404,
    ),
    "G-2116": Explanation(
        "The recording ended by itself: {words}",
        "partly",
        "What was recorded until then is kept as a clip.",
        "Look at the clip and at the live picture, and record again if something is missing.",
        503,
    ),
    "G-2117": Explanation(
        "The modality itself names another patient than this exam. {words}",
        "yes",
        _KEPT,
        "Compare the patient on the modality's screen with this exam, and go on with the right"
        " one.",
    ),
    "G-2118": Explanation(
        "The source is not there: {words}",
        "yes",
        _KEPT,
        "Look whether it is switched on and plugged in. It is looked for again and again; the exam"
        " stays open.",
        503,
    ),
    "G-2119": Explanation(
        "The box did not say whether the picture was taken.",
        "partly",
        "What is shown as a thumbnail is kept. Whether this last picture was taken is not known.",
        "Look at the thumbnails first; take it again only if it is missing.",
        503,
    ),
    "G-2120": Explanation(
        "The request to take a picture was not understood.",
        "yes",
        _KEPT,
        "Load the page again. If it comes back, tell the technician this code.",
        400,
    ),
}
