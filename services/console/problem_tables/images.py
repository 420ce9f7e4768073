"""Codes 3xxx: images, discarding, and the end of an exam."""

from __future__ import annotations

from services.console.problems import Explanation

_KEPT = "Yes. Nothing was changed; every image is as it was."

PROBLEMS = {
    "G-3001": Explanation(
        "The image is not on this box any more.",
        "yes",
        "Yes. It left by the retention rule, after the archives had it or it was discarded.",
        "Look at it at the archive.",
        410,
    ),
    "G-3002": Explanation(
        "The image cannot be shown: {words}",
        "partly",
        "Other images are safe. The file of this one is gone or damaged.",
        "Take the picture again if the patient is still here, and tell the technician.",
        500,
    ),
    "G-3003": Explanation(
        "This is no reason that the box knows: {reason}",
        "yes",
        _KEPT,
        "Choose a reason from the list.",
        400,
    ),
    "G-3004": Explanation(
        "The exam has ended, so its images cannot be discarded or brought back here.",
        "yes",
        _KEPT,
        "Ask the PACS administrator to hide or correct the image at the archive.",
    ),
    "G-3005": Explanation(
        "The exam has no images, so it cannot be completed.",
        "yes",
        _KEPT,
        "Take an image, bring a discarded one back, or discontinue the exam with a reason.",
    ),
    "G-3006": Explanation(
        "An image or clip is being taken at this moment.",
        "yes",
        "Yes. The recording goes on.",
        "Stop the recording, then finish the exam.",
    ),
    "G-3007": Explanation(
        "The exam has ended already.",
        "yes",
        "Yes. Its images are kept and go to the archives.",
        "Go to Exams to see how far its images have got.",
    ),
    "G-3008": Explanation(
        "A discontinued exam needs a reason.",
        "yes",
        _KEPT,
        "Choose a reason from the list.",
        400,
    ),
}
