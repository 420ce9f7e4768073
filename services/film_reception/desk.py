"""One association's film session: what may be created, changed and printed (PS3.4 annex H.4).

Films that were defined before may be changed and deleted until the session ends, not only the one
that is open. The status codes are those of PS3.4, and C610 for what comes without a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import UID

from services.dicom import print_uids as uids
from services.film_reception import pictures
from services.film_reception.attributes import (
    INVALID,
    any_text,
    check,
    one_of,
    reference,
    require,
    tag_of,
    text,
    whole,
)
from services.film_reception.film_values import (
    check_film,
    fitted,
    layout_of,
    require_lut,
    take_film,
)
from services.film_reception.replies import film_reply, session_reply
from services.film_reception.words import (
    Abilities,
    FilmBox,
    Lut,
    Picture,
    Refusal,
    Session,
    Sheet,
)

SUCCESS: Final = 0x0000
NO_MEMORY_ALLOCATION: Final = 0xB600
EMPTY_FILM_IN_SESSION: Final = 0xB602
EMPTY_FILM: Final = 0xB603
NO_FILMS: Final = 0xC600
NO_SESSION: Final = 0xC610
DUPLICATE_UID: Final = 0x0111
NO_SUCH_INSTANCE: Final = 0x0112
NO_SUCH_CLASS: Final = 0x0118
SESSION_EXISTS: Final = 0x0210
NOT_PRINT: Final = 0x0211
LIMIT: Final = 0x0213

_MOST_FILMS: Final = 100
_MOST_NOTES: Final = 6
_MOST_LUTS: Final = 100
_PRINT: Final = 1
_PRIORITIES: Final = {"HIGH": "HIGH", "MED": "MED", "MEDIUM": "MED", "LOW": "LOW"}

Answer = tuple[int, Dataset]


class Keeper(Protocol):
    """Where pictures and sheets are kept."""

    def picture(self, taken: pictures.Taken) -> Picture:
        """Write a picture down, not durably yet.

        Raises
        ------
        Refusal
            There is no room.
        """
        ...

    def forget(self, pictures: Iterable[Picture]) -> None:
        """The session holds these no more; sheets that were ordered keep theirs."""
        ...

    def order(self, sheets: list[Sheet]) -> str:
        """Make sheets durable; the UID of their print job.

        Raises
        ------
        Refusal
            They could not be made durable; nothing of them is kept.
        """
        ...


class FilmDesk:
    """Does what one caller asks for.

    Parameters
    ----------
    annotations
        Whether the caller may fill annotation boxes, as was agreed.
    """

    def __init__(
        self,
        abilities: Abilities,
        keeper: Keeper,
        caller: str,
        make_uid: Callable[[], str],
        *,
        annotations: bool = False,
    ) -> None:
        self._abilities = abilities
        self._keeper = keeper
        self._caller = caller
        self._uid = make_uid
        self._annotations = annotations
        self._session: Session | None = None
        self._luts: dict[str, Lut] = {}

    def create(self, sop_class: str, uid: str, attributes: Dataset, *, colour: bool) -> Answer:
        """N-CREATE; ``uid`` is empty where the choice is ours."""
        if uid and not UID(uid).is_valid:
            raise Refusal(0x0117, "that is no UID")
        if sop_class == uids.FILM_SESSION:
            return self._create_session(uid or self._uid(), attributes)
        if sop_class == uids.FILM_BOX:
            return self._create_film(uid or self._uid(), attributes, colour)
        if sop_class == uids.PRESENTATION_LUT:
            return self._create_lut(uid or self._uid(), attributes)
        raise Refusal(NO_SUCH_CLASS, "that cannot be created here")

    def change(self, sop_class: str, uid: str, attributes: Dataset) -> Answer:
        """N-SET of a session, film box, image box or annotation box."""
        session = self._open()
        if sop_class == uids.FILM_SESSION:
            self._is_session(session, uid)
            return self._set_session(session, attributes)
        if sop_class == uids.FILM_BOX:
            return self._set_film(self._film(session, uid), attributes)
        if sop_class in (uids.GREY_IMAGE_BOX, uids.COLOUR_IMAGE_BOX):
            return self._set_picture(session, uid, attributes)
        if sop_class == uids.ANNOTATION_BOX:
            return self._set_note(session, uid, attributes)
        raise Refusal(NO_SUCH_CLASS, "that cannot be changed here")

    def print(self, sop_class: str, uid: str, action: int) -> tuple[int, str]:
        """N-ACTION; the status and the UID of the print job, empty where nothing is printed."""
        if action != _PRINT:
            raise Refusal(NOT_PRINT, "the only action is to print")
        session = self._open()
        if sop_class == uids.FILM_SESSION:
            self._is_session(session, uid)
            films = list(session.films.values())
            if not films:
                raise Refusal(NO_FILMS, "the session has no film")
        elif sop_class == uids.FILM_BOX:
            films = [self._film(session, uid)]
        else:
            raise Refusal(NO_SUCH_CLASS, "that cannot be printed")
        filled = [film for film in films if film.pictures]
        if not filled:
            return EMPTY_FILM, ""
        job = self._keeper.order([self._sheet(session, film) for film in filled])
        return (SUCCESS if len(filled) == len(films) else EMPTY_FILM_IN_SESSION), job

    def delete(self, sop_class: str, uid: str) -> int:
        """N-DELETE of a session, a film box or a LUT."""
        if sop_class == uids.PRESENTATION_LUT:
            if self._luts.pop(uid, None) is None:
                raise Refusal(NO_SUCH_INSTANCE, "no such presentation LUT")
            return SUCCESS
        session = self._session
        if sop_class == uids.FILM_SESSION and session is not None and uid == session.uid:
            self._session = None
            for film in session.films.values():
                self._keeper.forget(film.pictures.values())
            return SUCCESS
        if sop_class == uids.FILM_BOX:
            open_session = self._open()
            if not open_session.films:
                raise Refusal(NO_FILMS, "the session has no film")
            self._keeper.forget(self._film(open_session, uid).pictures.values())
            del open_session.films[uid]
            return SUCCESS
        raise Refusal(NO_SUCH_INSTANCE, "no such instance")

    def _create_session(self, uid: str, attributes: Dataset) -> Answer:
        if self._session is not None:
            raise Refusal(SESSION_EXISTS, "the film session before was not deleted")
        self._check_session(attributes)
        session = Session(uid)
        status = self._take_session(session, attributes)
        self._session = session
        return status, session_reply(session)

    def _check_session(self, attributes: Dataset) -> None:
        check(
            attributes,
            {
                "NumberOfCopies": whole(1, 99),
                "PrintPriority": one_of(*_PRIORITIES),
                "MediumType": one_of(*self._abilities.mediums),
                "FilmDestination": one_of(*self._abilities.destinations),
                "FilmSessionLabel": any_text,
            },
        )

    def _take_session(self, session: Session, attributes: Dataset) -> int:
        session.copies = int(text(attributes, "NumberOfCopies", str(session.copies)))
        session.priority = _PRIORITIES[text(attributes, "PrintPriority", session.priority)]
        session.medium = text(
            attributes, "MediumType", session.medium or self._abilities.mediums[0]
        )
        session.destination = text(
            attributes, "FilmDestination", session.destination or self._abilities.destinations[0]
        )
        session.label = text(attributes, "FilmSessionLabel", session.label)
        return NO_MEMORY_ALLOCATION if text(attributes, "MemoryAllocation") else SUCCESS

    def _set_session(self, session: Session, attributes: Dataset) -> Answer:
        self._check_session(attributes)
        return self._take_session(session, attributes), Dataset()

    def _create_film(self, uid: str, attributes: Dataset, colour: bool) -> Answer:
        session = self._open()
        require(attributes, "ImageDisplayFormat", "ReferencedFilmSessionSequence")
        self._is_session(session, reference(attributes, "ReferencedFilmSessionSequence"))
        if uid in session.films:
            raise Refusal(DUPLICATE_UID, "there is a film of this UID")
        if len(session.films) >= _MOST_FILMS:
            raise Refusal(LIMIT, "too many films in one session")
        check_film(attributes, self._abilities)
        self._known_lut(attributes)
        layout = layout_of(attributes)
        boxes = tuple(self._uid() for _ in layout.boxes)
        film = FilmBox(
            uid=uid,
            display_format=layout.text,
            film_size=self._abilities.film_sizes[0],
            orientation="PORTRAIT",
            boxes=boxes,
            colour=colour,
        )
        take_film(film, attributes)
        if self._annotations and text(attributes, "AnnotationDisplayFormatID"):
            film.notes = {self._uid(): "" for _ in range(_MOST_NOTES)}
        session.films[uid] = film
        return SUCCESS, film_reply(film)

    def _set_film(self, film: FilmBox, attributes: Dataset) -> Answer:
        check_film(attributes, self._abilities)
        self._known_lut(attributes)
        as_made = {
            "ImageDisplayFormat": film.display_format,
            "FilmSizeID": film.film_size,
            "FilmOrientation": film.orientation,
        }
        # the boxes were made for these, and pictures were checked against their size
        check(attributes, {keyword: one_of(value) for keyword, value in as_made.items()})
        take_film(film, attributes)
        return SUCCESS, Dataset()

    def _create_lut(self, uid: str, attributes: Dataset) -> Answer:
        if uid in self._luts:
            raise Refusal(DUPLICATE_UID, "there is a presentation LUT of this UID")
        if len(self._luts) >= _MOST_LUTS:
            raise Refusal(LIMIT, "too many presentation LUTs")
        self._luts[uid] = pictures.lut_of(attributes)
        reply = Dataset()
        reply.AffectedSOPInstanceUID = uid
        return SUCCESS, reply

    def _set_picture(self, session: Session, uid: str, attributes: Dataset) -> Answer:
        if not session.films:
            raise Refusal(NO_FILMS, "the session has no film")
        film = next((film for film in session.films.values() if uid in film.boxes), None)
        if film is None:
            raise Refusal(NO_SUCH_INSTANCE, "no such image box")
        if film.boxes[pictures.position_of(attributes, len(film.boxes)) - 1] != uid:
            raise Refusal(INVALID, "another box is there", [tag_of("ImageBoxPosition")])
        taken = pictures.picture_of(attributes, colour=film.colour)
        self._known_lut(attributes)
        status, picture = SUCCESS, None
        if taken is not None:
            status, fitting = fitted(film, film.boxes.index(uid) + 1, taken)
            picture = self._keeper.picture(fitting)
        if before := film.pictures.pop(uid, None):
            self._keeper.forget([before])
        if picture is not None:
            film.pictures[uid] = picture
        return status, Dataset()

    def _set_note(self, session: Session, uid: str, attributes: Dataset) -> Answer:
        film = next((film for film in session.films.values() if uid in film.notes), None)
        if film is None:
            raise Refusal(NO_SUCH_INSTANCE, "no such annotation box")
        check(attributes, {"AnnotationPosition": whole(1, _MOST_NOTES), "TextString": any_text})
        film.notes[uid] = text(attributes, "TextString")
        return SUCCESS, Dataset()

    def _known_lut(self, attributes: Dataset) -> None:
        lut = reference(attributes, "ReferencedPresentationLUTSequence")
        if lut and lut not in self._luts:
            raise Refusal(
                INVALID,
                "no such presentation LUT",
                [tag_of("ReferencedPresentationLUTSequence")],
            )

    def _open(self) -> Session:
        if self._session is None:
            raise Refusal(NO_SESSION, "there is no film session")
        return self._session

    def _is_session(self, session: Session, uid: str) -> None:
        if uid != session.uid:
            raise Refusal(NO_SUCH_INSTANCE, "no such film session")

    def _film(self, session: Session, uid: str) -> FilmBox:
        if not session.films:
            raise Refusal(NO_FILMS, "the session has no film")
        if uid not in session.films:
            raise Refusal(NO_SUCH_INSTANCE, "no such film box")
        return session.films[uid]

    def _sheet(self, session: Session, film: FilmBox) -> Sheet:
        for picture in film.pictures.values():
            require_lut(self._luts, film, picture)
        return Sheet(
            caller=self._caller,
            copies=session.copies,
            priority=session.priority,
            label=session.label,
            display_format=film.display_format,
            film_size=film.film_size,
            orientation=film.orientation,
            magnification=film.magnification,
            border=film.border,
            empty=film.empty,
            trim=film.trim,
            colour=film.colour,
            lut=film.lut,
            notes=tuple(note for note in film.notes.values() if note),
            pictures=tuple(film.pictures.get(box) for box in film.boxes),
            luts=dict(self._luts),
            light=film.light,
        )
