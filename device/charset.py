"""Specific Character Set: which one holds a text without loss, and decoding what was received.

A character set is a tuple of defined terms (PS3.3 C.12.1.1.2); the empty tuple is the default
repertoire, ASCII, for which the attribute is left out. Reading is done here and not by pydicom,
which guesses with a warning, takes the default repertoire for Latin-1 and misreads ISO 2022 IR 58;
writing is pydicom's, so :func:`encodable` proves it by encoding and reading back.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from pydicom.charset import (
    CODES_TO_ENCODINGS,
    convert_encodings,
    decode_bytes,
    encode_string,
    python_encoding,
)
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from device.errors import CharacterSetError

CharacterSet = tuple[str, ...]

DEFAULT_REPERTOIRE: Final[CharacterSet] = ()
UTF_8: Final[CharacterSet] = ("ISO_IR 192",)

TEXT_VRS: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that Specific Character Set governs (PS3.5 6.1.2.2)."""

MULTI_VALUED_TEXT_VRS: Final = frozenset({"LO", "PN", "SH", "UC"})

_STAND_ALONE = frozenset({"ISO_IR 192", "GB18030", "GBK"})
_MULTI_BYTE = frozenset({"87", "149", "58", "159"})
_SINGLE_BYTE = frozenset(
    {"13", "100", "101", "109", "110", "126", "127", "138", "144", "148", "166"}
)
_ESCAPE = b"\x1b"
_FRAGMENT = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*")
_PN_DELIMITERS = {*b"^=\\"}
_TEXT_DELIMITERS = {*b"\\\r\n\t\f"}
_ISO_TERM = re.compile(r"ISO[ _-]?(2022[ _-]?)?IR[ _-]?(\d+)")
_UTF_8_ALIASES = frozenset({"UTF-8", "UTF8", "UTF_8"})


def normalise(terms: Iterable[str]) -> tuple[CharacterSet, tuple[str, ...]]:
    """Bring the values of Specific Character Set into the form that the standard defines.

    Corrects what systems in the field get wrong and what has only one meaning: separators and
    case (``ISO-IR 100``), terms without code extensions in a list with them, a multi-byte set in
    first place, stand-alone sets inside a list.

    Returns
    -------
    tuple
        The character set, and the terms that are not supported and were left out.
    """
    cleaned = [term.strip(" \0").upper() for term in terms]
    numbers: list[str] = []
    unknown: list[str] = []
    for place, term in enumerate(cleaned):
        number = _registration(term)
        if number is None:
            unknown.append(term)
        elif number in _STAND_ALONE:
            if place == 0:
                return (number,), tuple(unknown)
            unknown.append(term)
        elif number not in numbers:
            numbers.append(number)
    return _with_code_extensions(numbers), tuple(unknown)


def _registration(term: str) -> str | None:
    """ISO registration number, stand-alone term, ``6`` for the default repertoire, or None."""
    if not term:
        return "6"
    if term in _UTF_8_ALIASES:
        return "ISO_IR 192"
    if term in _STAND_ALONE:
        return term
    found = _ISO_TERM.fullmatch(term)
    if found is None:
        return None
    number = found[2]
    if number == "192":
        return "ISO_IR 192"
    return number if number == "6" or number in _SINGLE_BYTE | _MULTI_BYTE else None


def _with_code_extensions(numbers: Sequence[str]) -> CharacterSet:
    if not numbers or list(numbers) == ["6"]:
        return DEFAULT_REPERTOIRE
    if len(numbers) == 1 and numbers[0] in _SINGLE_BYTE:
        return (f"ISO_IR {numbers[0]}",)
    ordered = list(numbers) if numbers[0] not in _MULTI_BYTE else ["6", *numbers]
    first = "" if ordered[0] == "6" else f"ISO 2022 IR {ordered[0]}"
    rest = dict.fromkeys(f"ISO 2022 IR {n}" for n in ordered[1:] if n != "6")
    return (first, *rest)


def decode_text(raw: bytes, charset: CharacterSet, vr: str, errors: str = "strict") -> str:
    """Decode the bytes of one text element (PS3.5 6.1.2.4 and 6.1.2.5).

    Parameters
    ----------
    raw : bytes
        The whole value field, several values still joined by backslashes.
    charset : tuple of str
        As :func:`normalise` returns it.
    vr : str
        Decides which delimiters end a code extension.
    errors : str
        ``strict`` or ``replace``, as for :meth:`bytes.decode`.

    Raises
    ------
    UnicodeDecodeError
        With ``strict``, when the bytes are not text in this character set.
    """
    first = _codecs(charset)[0]
    if _ESCAPE not in raw:
        return raw.decode(first, errors)
    delimiters = _PN_DELIMITERS | _TEXT_DELIMITERS if vr == "PN" else _TEXT_DELIMITERS
    return "".join(
        _decode_fragment(fragment, first, delimiters, errors) for fragment in _FRAGMENT.findall(raw)
    )


def _decode_fragment(raw: bytes, first: str, delimiters: set[int], errors: str) -> str:
    if not raw.startswith(_ESCAPE):
        return raw.decode(first, errors)
    length = 4 if raw[:3] in (b"\x1b$(", b"\x1b$)") else 3
    encoding = CODES_TO_ENCODINGS.get(raw[:length])
    if encoding is None:
        if errors == "strict":
            raise UnicodeDecodeError(first, raw, 0, length, "unknown escape sequence")
        return raw.decode(first, errors)
    body = raw[length:]
    if raw[:length] == b"\x1b(B":
        return body.decode(first, errors)
    if encoding in ("iso2022_jp", "iso2022_jp_2"):
        return raw.decode(encoding, errors)
    end = next((i for i, byte in enumerate(body) if byte in delimiters), len(body))
    return body[:end].decode(encoding, errors) + body[end:].decode(first, errors)


def _codecs(charset: CharacterSet) -> list[str]:
    """Python codecs, with real ASCII for the default repertoire instead of pydicom's Latin-1."""
    terms = charset or ("",)
    first = "ascii" if terms[0] in ("", "ISO_IR 6", "ISO 2022 IR 6") else python_encoding[terms[0]]
    return [first, *(python_encoding[term] for term in terms[1:])]


def encodable(text: str, charset: CharacterSet, vr: str) -> bool:
    """Tell whether pydicom writes ``text`` in ``charset`` so that every reader gets it back."""
    charset, unknown = _normalised(tuple(charset))
    if unknown or "\x1b" in text:
        return False
    if charset and charset[0].endswith("IR 13") and not _same_in_jis_x_0201(text):
        return False
    if text.isascii():
        return True
    names = _codecs(charset)
    if not all(any(_holds(character, name) for name in names) for character in set(text)):
        return False
    return _survives_round_trip(text.rstrip("=") if vr == "PN" else text, charset, vr)


@lru_cache(maxsize=64)
def _normalised(charset: CharacterSet) -> tuple[CharacterSet, tuple[str, ...]]:
    return normalise(charset)


def _same_in_jis_x_0201(text: str) -> bool:
    """JIS X 0201 has a yen sign and an overline where ASCII has backslash and tilde."""
    return not {"\\", "~", "¥", "‾"} & set(text)


def _holds(character: str, encoding: str) -> bool:
    try:
        encoded = character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return encoding != "shift_jis" or len(encoded) == 1


def _survives_round_trip(text: str, charset: CharacterSet, vr: str) -> bool:
    encodings = convert_encodings(list(charset))
    delimiters = _PN_DELIMITERS if vr == "PN" else _TEXT_DELIMITERS
    try:
        raw = PersonName(text).encode(encodings) if vr == "PN" else encode_string(text, encodings)
        ours = decode_text(raw, charset, vr)
        theirs = decode_bytes(raw, encodings, delimiters)
        plain = decode_bytes(raw, encodings, set())
    except (UnicodeError, LookupError, TypeError):
        return False
    return ours == theirs == plain == text


def choose(
    texts: Iterable[str], preferred: CharacterSet, fallback: CharacterSet = UTF_8
) -> CharacterSet:
    """Choose the first of ``preferred``, ``fallback`` and UTF-8 that holds every text.

    Texts with ``^`` or ``=`` are also tried as person names, whose delimiters end a code
    extension. A set with terms that are not supported is passed over.

    Raises
    ------
    CharacterSetError
        Not even UTF-8 holds the texts (lone surrogates, escape characters).
    """
    wanted = [(text, vr) for text in texts for vr in _possible_vrs(text)]
    for candidate in (preferred, fallback, UTF_8):
        charset, unknown = normalise(candidate)
        if not unknown and all(encodable(text, charset, vr) for text, vr in wanted):
            return charset
    raise CharacterSetError(
        "A text holds characters that no DICOM character set can carry. "
        "Nothing was written; type the text again without control characters"
    )


def _possible_vrs(text: str) -> tuple[str, ...]:
    is_name = ("^" in text or "=" in text) and text.count("=") <= 2
    return ("PN", "LO") if is_name else ("LO",)


def declared(ds: Dataset) -> tuple[CharacterSet, tuple[str, ...]] | None:
    """Specific Character Set of a data set as :func:`normalise` sees it, or None when absent."""
    if "SpecificCharacterSet" not in ds:
        return None
    value = ds.SpecificCharacterSet
    if not value:
        return None
    return normalise([value] if isinstance(value, str) else [str(term) for term in value])


def value_representation(element: DataElement | RawDataElement) -> str:
    """VR of an element, from the dictionary where Implicit VR or UN does not tell."""
    vr = element.VR
    if vr in (None, "UN") and dictionary_has_tag(element.tag):
        return str(dictionary_VR(element.tag))
    return str(vr or "UN")


def raw_texts(
    element: RawDataElement, vr: str, charset: CharacterSet, errors: str = "strict"
) -> list[str]:
    """Decode an element that pydicom has not converted yet into its values, padding removed."""
    text = decode_text(element.value or b"", charset, vr, errors)
    values = text.split("\\") if vr in MULTI_VALUED_TEXT_VRS else [text]
    return [value.rstrip("\0 ") for value in values]


def transcode(ds: Dataset, charset: CharacterSet) -> Dataset:
    """Return a deep copy of ``ds`` with all of its text in ``charset``.

    Sequence items are included; their own Specific Character Set, if any, is resolved and dropped.

    Raises
    ------
    CharacterSetError
        ``charset`` is not supported, a text does not fit into it, or the bytes received are not
        text in the character set that ``ds`` declares. Names the attribute, never its value.
    """
    target, unknown = normalise(charset)
    if unknown:
        raise CharacterSetError(
            f"Character set {', '.join(unknown)} is not supported. Use a term of PS3.3 C.12.1.1.2, "
            f"such as ISO_IR 192"
        )
    return _transcoded(ds, target, DEFAULT_REPERTOIRE, top=True)


def _transcoded(
    ds: Dataset, target: CharacterSet, inherited: CharacterSet, *, top: bool
) -> Dataset:
    found = declared(ds)
    source = found[0] if found else inherited
    copied = Dataset()
    if top and target:
        copied.SpecificCharacterSet = list(target) if len(target) > 1 else target[0]
    for tag in sorted(ds.keys()):
        if tag == 0x00080005:
            continue
        element = ds.get_item(tag)
        vr = value_representation(element)
        if vr in TEXT_VRS:
            texts = _element_texts(element, vr, source)
            _require_encodable(texts, target, vr, int(tag))
            copied.add(DataElement(tag, vr, texts[0] if len(texts) == 1 else texts))
        elif vr == "SQ":
            items = [_transcoded(item, target, source, top=False) for item in ds[tag].value]
            copied.add(DataElement(tag, "SQ", items))
        else:
            copied.add(copy.deepcopy(ds[tag]))
    return copied


def _element_texts(element: Any, vr: str, source: CharacterSet) -> list[str]:
    if isinstance(element, RawDataElement):
        try:
            return raw_texts(element, vr, source)
        except UnicodeDecodeError as error:
            raise CharacterSetError(
                f"{_name(int(element.tag))} is not text in the declared character set "
                f"({describe(source)}). Ask the sending system's administrator to correct it, or "
                f"configure the character set to assume"
            ) from error
    if element.is_empty:
        return [""]
    if element.VM > 1:
        return [str(value) for value in element.value]
    return [str(element.value)]


def _require_encodable(texts: list[str], target: CharacterSet, vr: str, tag: int) -> None:
    if all(encodable(text, target, vr) for text in texts):
        return
    raise CharacterSetError(
        f"{_name(tag)} holds characters that {describe(target)} cannot carry. "
        f"Nothing was written; use ISO_IR 192"
    )


def describe(charset: CharacterSet) -> str:
    """Name a character set for a message."""
    return "\\".join(charset) if charset else "the default repertoire (ASCII)"


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
