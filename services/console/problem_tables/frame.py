"""Codes 9xxx: the service itself, requests, people and sign-in."""

from __future__ import annotations

from services.console.problems import Explanation

_KEPT = "Yes. Nothing was changed; images and deliveries are as they were."

PROBLEMS = {
    "G-9000": Explanation(
        "The box met a fault of its own and could not do this.",
        "yes",
        "Yes. What was shown as kept before is kept.",
        "Try once more. If it comes back, tell the technician this code and the time.",
        500,
    ),
    "G-9001": Explanation(
        "The box refused a step: {words}",
        "yes",
        "Yes. What was shown as kept before is kept.",
        "Follow the box's words; if they do not help, tell the technician this code.",
        500,
    ),
    "G-9002": Explanation(
        "What was asked for is not there: {words}",
        "yes",
        _KEPT,
        "Go back and choose again; somebody else may have changed it meanwhile.",
        404,
    ),
    "G-9003": Explanation(
        "The request was not understood: {words}",
        "yes",
        _KEPT,
        "Load the page again. If it comes back, tell the technician this code.",
        400,
    ),
    "G-9004": Explanation(
        "The storage of the box is full: {words}",
        "partly",
        "What was shown as kept before is kept. This last step was not kept.",
        "Finish the exam, then tell the technician to make room.",
        507,
    ),
    "G-9005": Explanation(
        "The request did not come from a page of this box.",
        "yes",
        _KEPT,
        "Open the console at the address that the technician gave you.",
        403,
    ),
    "G-9006": Explanation(
        "The box did not answer.",
        "yes",
        "What was shown as kept before is kept. Whether this last step was done is not known.",
        "Wait until the cover goes away, then look whether it was done before you repeat it.",
        503,
    ),
    "G-9007": Explanation(
        "There is no such screen.",
        "yes",
        _KEPT,
        "Choose a screen from the navigation.",
        404,
    ),
    "G-9101": Explanation(
        "Nobody is signed in.",
        "yes",
        _KEPT,
        "Sign in with your name and PIN.",
        401,
    ),
    "G-9103": Explanation(
        "The name and the PIN do not belong together.",
        "yes",
        _KEPT,
        "Try again. Who has forgotten a PIN gets a new one from a technician.",
        403,
    ),
    "G-9104": Explanation(
        "There were too many wrong PINs.",
        "yes",
        _KEPT,
        "Wait {seconds} seconds before the next try, or ask a technician for a new PIN.",
        429,
    ),
    "G-9105": Explanation(
        "The person could not be entered or changed: {words}",
        "yes",
        _KEPT,
        "Follow these words and try again.",
    ),
    "G-9106": Explanation(
        "The brightness of the screen could not be changed: {words}",
        "yes",
        _KEPT,
        "Use the buttons of the screen itself, or tell the technician.",
    ),
    "G-9102": Explanation(
        "This needs the role {role}; the person who is signed in does not have it.",
        "yes",
        _KEPT,
        "Sign in as somebody with that role, or ask one of them.",
        403,
    ),
}
