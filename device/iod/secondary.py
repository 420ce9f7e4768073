"""Secondary Capture: what any picture can be, also one without a complete description."""

from __future__ import annotations

from typing import Final

from pydicom.uid import JPEGBaseline8Bit

from device.iod.captured import forget_scale
from device.iod.context import BuiltObject, ObjectContext
from device.iod.kept_jpeg import encapsulated_jpeg, jpeg_values, kept_jpeg
from device.iod.offers import Offers, finish, gather
from device.iod.pixels import check_frame, lossy_values, pixel_values, time_values
from device.iod.tables import SC
from device.iod.values import numbers
from device.ports import Frame
from device.protocol import ObjectKind

EQUIPMENT_NAME: Final = "Gantry"
_LONGEST_DERIVATION: Final = 1024


def build_secondary_capture(
    context: ObjectContext, frame: Frame, because: tuple[str, ...] = ()
) -> BuiltObject:
    """Build a Secondary Capture Image (PS3.3 A.8.1) of one frame.

    Parameters
    ----------
    context : ObjectContext
        As for :func:`build_image`; the protocol may have asked for CT or MR.
    frame : Frame
        Grey of 8 to 16 bits or 8-bit colour. Where its device delivered a JPEG stream of it, that
        stream is what the object holds.
    because : tuple of str
        DICOM keywords whose absence made a CT or MR image impossible; they are said in Derivation
        Description.

    Raises
    ------
    UnsuitableFrame, CharacterSetError, InvalidIdentity
        As for :func:`build_image`.
    """
    check_frame(frame)
    offers = gather(context, SC, frame.attributes)
    describe_capture(context, offers, because)
    if not frame.native:
        forget_scale(offers)
    if frame.photometric == "RGB":
        offers.withdraw_grey()
    elif offers.offered("RescaleSlope") is not None:
        offers.generated["RescaleType"] = "US"
    offers.native |= time_values(frame, context.zone) | lossy_values([frame])
    offers.native |= pixel_values([frame])
    photometric = kept_jpeg(frame)
    if photometric is None:
        return finish(context, offers, ObjectKind.SC)
    offers.native |= jpeg_values(photometric) | {"PixelData": encapsulated_jpeg(frame)}
    built = finish(context, offers, ObjectKind.SC)
    built.dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    built.dataset["PixelData"].is_undefined_length = True
    return built


def describe_capture(context: ObjectContext, offers: Offers, because: tuple[str, ...]) -> None:
    """Say by what the picture was captured, and why it is not more than a capture.

    An Image Type other than DERIVED\\SECONDARY is the site's word for a protocol that asks for
    Secondary Capture; a fallback never carries it. Nor does it carry a spacing that was configured
    for the CT or MR image: on the screen that was captured, zoom decides what a pixel measures.
    """
    offers.generated |= {
        "ConversionType": "DV",
        "SecondaryCaptureDeviceManufacturer": EQUIPMENT_NAME,
        "SecondaryCaptureDeviceManufacturerModelName": EQUIPMENT_NAME,
        "SecondaryCaptureDeviceSoftwareVersions": context.software_version,
        "ImageType": ["DERIVED", "SECONDARY"],
    }
    asked = context.protocol.object
    if asked is not ObjectKind.SC:
        offers.preset.pop("ImageType", None)
        if "PixelSpacingCalibrationType" not in offers.preset:
            offers.preset.pop("PixelSpacing", None)
    if because:
        reason = f"Secondary Capture, since a {asked.value} image lacks: {', '.join(because)}"
        offers.generated["DerivationDescription"] = reason[:_LONGEST_DERIVATION]
    elif asked is not ObjectKind.SC:
        offers.generated["DerivationDescription"] = (
            f"Secondary Capture, since no {asked.value} images are made of captured pictures here"
        )
    _choose_aspect(offers)


def _choose_aspect(offers: Offers) -> None:
    """Pixel Aspect Ratio only where it is not 1:1 and no spacing says it (PS3.3 C.7.6.3.1.7)."""
    ratio = offers.offered("PixelAspectRatio")
    if ratio is None:
        return
    vertical, horizontal = numbers(ratio)
    if vertical == horizontal or offers.offered("PixelSpacing") is not None:
        offers.withdraw("PixelAspectRatio")
