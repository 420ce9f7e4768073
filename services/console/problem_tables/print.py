"""Codes 6xxx: printing exams, and films that scanners print here.

Codes 61xx to 65xx also stand for why a print job waits or how it ended, see
:mod:`services.dicom.print_outcome` and :mod:`services.dispatcher.film`.
"""

from __future__ import annotations

from services.console.problems import DataSafe, Explanation

_KEPT = "Yes. The images stay on the box, and the print job is kept."
_NOTHING = "Yes. Nothing was printed, and nothing was changed."
_FILM = "Yes. The film is kept on the box as it came."

_AT_PRINTER = (
    "Look at the printer: print again if the sheet did not come out, else mark it as printed."
)
_TECHNICIAN = "Ask the technician to compare the printer's settings with its manual, then resend."
_LOOK = "Look at the film when it comes out."
_AGAIN = "Nothing needs to be done: the box tries again by itself. Nothing was printed yet."
_OTHER = "Choose another layout, film size or printer."
_PICTURES = "Choose other pictures, or another layout or printer."
_LIST = "Look at the list again: it may have moved on meanwhile."


def _job(what: str, todo: str) -> Explanation:
    return Explanation(what, "yes", _KEPT, todo)


def _draft(what: str, todo: str, status: int = 409) -> Explanation:
    return Explanation(what, "yes", _NOTHING, todo, status)


def _film(what: str, todo: str, status: int = 409, data: DataSafe = "yes") -> Explanation:
    return Explanation(what, data, _FILM, todo, status)


PROBLEMS = {
    "G-6001": _draft("No printer is configured on this box.", "Ask the technician to set one up."),
    "G-6002": _draft("The box is busy drawing another sheet.", "Wait a moment, then try again."),
    "G-6003": _draft(
        "Printer {printer} does not say how it is: {words}",
        "See whether it is switched on and connected. A job can be ordered all the same: it waits.",
    ),
    "G-6004": _job("The box did not do this: {words}", _LIST),
    "G-6101": _job("The printer does not reserve memory.", _LOOK),
    "G-6102": _job("The printer does not print several sheets as a whole.", _AT_PRINTER),
    "G-6103": _job("The printer got an order without pictures.", _TECHNICIAN),
    "G-6104": _job("The printer got a film without pictures.", _TECHNICIAN),
    "G-6105": _job("The printer made a picture smaller to fit: it is not of true size.", _LOOK),
    "G-6106": _job("The printer uses densities of its own.", _LOOK),
    "G-6107": _job("The printer cut a picture off to fit.", _LOOK),
    "G-6108": _job("The printer left out lines of a picture to fit.", _LOOK),
    "G-6201": _job("The printer found no film in the order.", _TECHNICIAN),
    "G-6202": _job("The printer's queue is full.", _AGAIN),
    "G-6203": _job("A picture is larger than its place on the film.", _OTHER),
    "G-6204": _job("The printer has no memory left for a picture.", _AGAIN),
    "G-6205": _job("The pictures are larger than the film.", _OTHER),
    "G-6206": _job("The printer is still busy with the film before.", _AGAIN),
    "G-6301": _job("The printer does not know a value of the order.", _TECHNICIAN),
    "G-6302": _job("The printer refuses a value of the order.", _OTHER),
    "G-6303": _job("The printer did not take every value of the order.", _LOOK),
    "G-6304": _job("The printer failed while it worked on the order.", _AGAIN),
    "G-6305": _job("The printer changed a value that it cannot do.", _LOOK),
    "G-6306": _job("The printer does not do what was asked for.", _TECHNICIAN),
    "G-6307": _job(
        "The printer does not authorise this box.",
        "Have this box's AE title entered at the printer, then resend.",
    ),
    "G-6308": _job("The printer is short of resources.", _AGAIN),
    "G-6309": _job("The printer refuses the order.", _TECHNICIAN),
    "G-6310": _job("The printer took the order with a warning.", _LOOK),
    "G-6401": _draft("This printer cannot do that: {words}", _OTHER),
    "G-6402": _job(
        "The printer is out of order.",
        "See to the printer. The box tries again by itself; nothing was printed yet.",
    ),
    "G-6403": _job("A sheet may have been printed, and nobody knows: {words}", _AT_PRINTER),
    "G-6404": _draft("A picture cannot be printed: {words}", _PICTURES),
    "G-6405": _draft("A picture cannot be put on film: {words}", _PICTURES),
    "G-6406": _draft(
        "True size is not possible: {words}",
        "Switch true size off, choose calibrated pictures, or choose a larger film.",
    ),
    "G-6409": _job("The printer took a sheet and failed afterwards.", _AT_PRINTER),
    "G-6410": _draft("This layout cannot be used: {words}", _OTHER),
    "G-6501": _job("The print server refuses the job.", _TECHNICIAN),
    "G-6502": _job("The print server ended the job before its end.", _AT_PRINTER),
    "G-6503": _job(
        "The job cannot be stopped, since the print server does not answer.",
        "Try again when the print server is back, or switch the printer off.",
    ),
    "G-6601": _film("Films cannot be received on this box.", "Tell the technician this code."),
    "G-6602": _film("This film has left the box.", "Print it again at the scanner.", 410),
    "G-6603": Explanation(
        "This film cannot be read: {words}",
        "partly",
        "Other films and all images are safe. The files of this one are damaged.",
        "Print it again at the scanner, and tell the technician.",
        500,
    ),
    "G-6604": _film(
        "Exam {exam} has ended and takes no more pictures.",
        "Open the exam and add images to it: then take the film into the new part.",
    ),
    "G-6605": _film(
        "Pictures are being taken for this exam just now.",
        "Stop the recording, or wait for the picture, then take the film.",
    ),
    "G-6606": _film("The film was not taken: {words}", _LIST),
    "G-6607": _film("The box did not do this: {words}", _LIST),
}
