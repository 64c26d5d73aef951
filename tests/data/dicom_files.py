"""Ultrasound cines in every encoding that scanners write, a patient's name in every place for one."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

NAME, BIRTH, NUMBER = "Mustermann^Erika", "19640812", "PAT-4711"
PLANTED = ("Mustermann", "Erika", "19640812", "4711", "St. Elsewhere", "2024")


def colours(frames: int = 10, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Smooth moving colours, uint8 (T, H, W, 3)."""
    y, x = np.mgrid[:height, :width]
    clip = []
    for t in range(frames):
        grey = 120 + 60 * np.sin((x + 4 * t) / 9) * np.cos(y / 11) + 40 * (y > 30)
        clip.append(np.stack([grey, grey + 15, grey - 20], axis=2))
    return np.uint8(np.clip(clip, 0, 255))


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """BT.601, rounded."""
    red, green, blue = np.moveaxis(rgb.astype(int), -1, 0)
    return np.uint8((299 * red + 587 * green + 114 * blue + 500) // 1000)


def cine(frames: NDArray[Any], interpretation: str, **elements: Any) -> Any:
    """A pydicom Dataset of frames (T, H, W) or (T, H, W, 3), 40 ms apart, with patient data."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UltrasoundMultiFrameImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.PatientName, data.PatientBirthDate, data.PatientID = NAME, BIRTH, NUMBER
    data.InstitutionName, data.StudyDate, data.ImageComments = "St. Elsewhere", "20240229", f"seen {NAME}"
    data.Modality, data.NumberOfFrames = "US", len(frames)
    data.Rows, data.Columns = frames.shape[1:3]
    data.SamplesPerPixel = 1 if frames.ndim == 3 else 3
    if frames.ndim == 4:
        data.PlanarConfiguration = 0
    data.PhotometricInterpretation = interpretation
    data.BitsAllocated = data.BitsStored = 8 * frames.itemsize
    data.HighBit, data.PixelRepresentation, data.FrameTime = data.BitsStored - 1, 0, "40"
    data.PixelData = frames.tobytes()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def compressed(data: Any, syntax: str, pictures: list[bytes]) -> Any:
    """The Dataset with these pictures instead of its pixels."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    data.file_meta.TransferSyntaxUID = UID(syntax)
    data.PixelData = encapsulate(pictures)
    data["PixelData"].VR = "OB"
    return data


def pillow(frames: NDArray[np.uint8], kind: str, **options: Any) -> list[bytes]:
    from PIL import Image

    pictures = []
    for frame in frames:
        stream = io.BytesIO()
        Image.fromarray(frame).save(stream, kind, **options)
        pictures.append(stream.getvalue())
    return pictures


def ffmpeg(frames: NDArray[np.uint8], codec: str, pixel_format: str) -> list[bytes]:
    encoder = av.CodecContext.create(codec, "w")
    encoder.height, encoder.width, encoder.pix_fmt, encoder.framerate = *frames.shape[1:3], pixel_format, 25
    encoder.options = {"strict": "-2"}
    packets = []
    for number, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(frame, format="gray" if frame.ndim == 2 else "rgb24")
        picture = picture.reformat(format=pixel_format)
        picture.pts = number
        packets += encoder.encode(picture)
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


def halved(ybr: NDArray[np.uint8]) -> bytes:
    """YBR_FULL_422 as it is stored without compression: Y Y Cb Cr for each pair of pixels."""
    pairs = np.stack([ybr[:, :, ::2, 0], ybr[:, :, 1::2, 0], ybr[:, :, ::2, 1], ybr[:, :, ::2, 2]], axis=-1)
    return pairs.tobytes()


RGB = colours()
GREY = luma(RGB)
DEEP = GREY.astype(np.uint16) * 16
YBR = np.stack([GREY, np.full_like(GREY, 120), np.full_like(GREY, 131)], axis=-1)
WINDOW: dict[str, Any] = {"WindowCenter": "2048", "WindowWidth": "4096", "BitsStored": 12, "HighBit": 11}


def palette(data: Any) -> Any:
    for colour, step in (("Red", 1), ("Green", 1), ("Blue", 1)):
        table = (np.arange(256) * step % 256 * 257).astype("<u2")
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(data, f"{colour}PaletteColorLookupTableData", table.tobytes())
    return data


def rle(data: Any) -> Any:
    from pydicom.uid import RLELossless

    data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    return data


JPEG, JPEG_2000, JPEG_2000_LOSSLESS = (f"1.2.840.10008.1.2.4.{code}" for code in (50, 91, 90))
JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
PLANES: dict[str, Any] = {"PlanarConfiguration": 1}

EXACT: dict[str, Callable[[], Any]] = {
    "mono2": lambda: cine(GREY, "MONOCHROME2"),
    "mono1": lambda: cine(255 - GREY, "MONOCHROME1"),
    "mono2_12_bits_window": lambda: cine(DEEP, "MONOCHROME2", **WINDOW),
    "mono1_12_bits_window": lambda: cine(4095 - DEEP, "MONOCHROME1", **WINDOW),
    "mono2_8_bits_window": lambda: cine(GREY // 2, "MONOCHROME2", WindowCenter="64", WindowWidth="128"),
    "mono2_signed": lambda: cine(
        DEEP.astype(np.int16) - 2048,
        "MONOCHROME2",
        **WINDOW | {"WindowCenter": "0", "PixelRepresentation": 1},
    ),
    "rescaled": lambda: cine(
        DEEP, "MONOCHROME2", **WINDOW | {"WindowCenter": "0", "RescaleIntercept": "-2048"}
    ),
    "rgb": lambda: cine(RGB, "RGB"),
    "rgb_planes": lambda: cine(np.moveaxis(RGB, -1, 1).copy(), "RGB", Rows=48, Columns=64, **PLANES),
    "ybr_full": lambda: cine(YBR, "YBR_FULL"),
    "ybr_planes": lambda: cine(np.moveaxis(YBR, -1, 1).copy(), "YBR_FULL", Rows=48, Columns=64, **PLANES),
    "ybr_422": lambda: cine(YBR, "YBR_FULL_422", PixelData=halved(YBR)),
    "palette": lambda: palette(cine(GREY, "PALETTE COLOR")),
    "rle_mono": lambda: rle(cine(GREY, "MONOCHROME2")),
    "rle_deep": lambda: rle(cine(DEEP, "MONOCHROME2", **WINDOW)),
    "rle_rgb": lambda: rle(cine(RGB, "RGB")),
    "rle_ybr": lambda: rle(cine(YBR, "YBR_FULL")),
    "jpeg2000_mono": lambda: compressed(
        cine(GREY, "MONOCHROME2"),
        JPEG_2000_LOSSLESS,
        pillow(GREY, "JPEG2000", no_jp2=True, irreversible=False),
    ),
    "jpeg2000_rgb": lambda: compressed(
        cine(RGB, "YBR_RCT"),
        JPEG_2000_LOSSLESS,
        pillow(RGB, "JPEG2000", no_jp2=True, irreversible=False, mct=1),
    ),
}
"""Encodings that lose nothing: the grey level is known to the last digit (12 bits by the window: to one)."""

LOSSY: dict[str, Callable[[], Any]] = {
    "jpeg_mono": lambda: compressed(cine(GREY, "MONOCHROME2"), JPEG, pillow(GREY, "JPEG", quality=95)),
    "jpeg_ybr_422": lambda: compressed(
        cine(RGB, "YBR_FULL_422"), JPEG, pillow(RGB, "JPEG", quality=95, subsampling=1)
    ),
    "jpeg_ybr_full": lambda: compressed(
        cine(RGB, "YBR_FULL"), JPEG, pillow(RGB, "JPEG", quality=95, subsampling=0)
    ),
    "jpeg_ffmpeg": lambda: compressed(cine(RGB, "YBR_FULL_422"), JPEG, ffmpeg(RGB, "mjpeg", "yuvj422p")),
    "jpeg2000_lossy": lambda: compressed(
        cine(RGB, "YBR_ICT"), JPEG_2000, pillow(RGB, "JPEG2000", no_jp2=True, irreversible=True, mct=1)
    ),
}

ELSEWHERE: dict[str, Callable[[], Any]] = {
    "jpeg_lossless": lambda: compressed(
        cine(GREY, "MONOCHROME2"), JPEG_LOSSLESS, ffmpeg(RGB, "ljpeg", "bgr24")
    ),
    "jpeg_ls": lambda: compressed(cine(GREY, "MONOCHROME2"), JPEG_LS, ffmpeg(GREY, "jpegls", "gray")),
}
"""Encodings whose decoders this project does not bring."""


def save(data: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path
