"""Files that the converters meet: a GIF, videos of several codecs and pixel formats, DICOM cines.

The encoders may write other bytes on another machine, so these files are made once, for every process to
convert.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.dicom import sample_cine

HEIGHT, WIDTH, FRAMES = 98, 114, 8

VIDEOS = {
    "limited_range.mkv": ("mpeg4", "yuv420p"),  # decoded by a cosine transform, then stretched to 0-255
    "old.mpg": ("mpeg2video", "yuv420p"),
    "deep.mkv": ("ffv1", "gray10le"),
    "colours.mkv": ("ffv1", "bgr0"),
    "packed.avi": ("rawvideo", "yuyv422"),
    "full_range.avi": ("mjpeg", "yuvj422p"),
}


def moving_texture(height: int = HEIGHT, width: int = WIDTH, frames: int = FRAMES) -> NDArray[np.uint8]:
    """Coloured frames, uint8 (T, H, W, 3), smooth and noisy: they use every frequency that a codec has."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    clip = []
    for t in range(frames):
        waves = 127 + 70 * np.sin((1.3 * x + 0.7 * y + 5 * t) / 9) * np.cos((y - 3 * t) / 13)
        grey = np.uint8(np.clip(waves + rng.normal(0, 8, waves.shape), 0, 255))
        clip.append(np.stack([grey, grey[::-1], np.roll(grey, 9, axis=1)], axis=2))
    return np.stack(clip)


def make_inputs(folder: Path) -> Path:
    """The folder, filled."""
    clip = moving_texture()
    grey = clip[..., 0]
    write_video(folder / "open.gif", grey, codec="gif", pixel_format="gray")
    for name, (codec, pixel_format) in VIDEOS.items():
        write_video(folder / name, clip, codec=codec, pixel_format=pixel_format)
    write_video(folder / "large.avi", moving_texture(480, 640, 2), codec="mjpeg", pixel_format="yuvj420p")
    if find_spec("pydicom"):
        write_dicom(folder / "colours.dcm", clip)
        write_dicom(folder / "luma.dcm", clip, interpretation="YBR_FULL")
        write_dicom(folder / "deep.dcm", grey.astype(np.uint16) * 37)
        if find_spec("PIL") and (sample := sample_cine()):
            shutil.copy(sample, folder / "jpeg.dcm")
    return folder


def write_video(path: Path, clip: NDArray[np.uint8], *, codec: str, pixel_format: str) -> None:
    """A video of grey frames (T, H, W) or coloured ones (T, H, W, 3)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *clip.shape[1:3], pixel_format
        for frame in clip:
            pixels = np.ascontiguousarray(frame)
            picture = av.VideoFrame.from_ndarray(pixels, format="gray" if clip.ndim == 3 else "rgb24")
            container.mux(stream.encode(picture.reformat(format=pixel_format)))
        container.mux(stream.encode(None))


def write_dicom(path: Path, frames: NDArray[np.integer], *, interpretation: str = "") -> None:
    """An uncompressed cine of grey frames (T, H, W) or of three samples a pixel (T, H, W, 3), 25 a second."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

    samples = 1 if frames.ndim == 3 else 3
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UltrasoundMultiFrameImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
    data.NumberOfFrames, data.Rows, data.Columns = frames.shape[:3]
    data.SamplesPerPixel, data.PlanarConfiguration = samples, 0
    data.PhotometricInterpretation = interpretation or ("MONOCHROME2" if samples == 1 else "RGB")
    data.BitsAllocated = data.BitsStored = 8 * frames.itemsize
    data.HighBit, data.PixelRepresentation, data.FrameTime = data.BitsStored - 1, 0, "40"
    data.PixelData = frames.tobytes()
    data.save_as(path, enforce_file_format=True)
