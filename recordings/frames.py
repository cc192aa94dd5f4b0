"""One frame as bytes: encoding, decoding, and the size that a JPEG says it has."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from recordings.errors import DamagedData, WrongShape
from recordings.spec import FrameEncoding

Rgb = NDArray[np.uint8]

_START_OF_IMAGE = b"\xff\xd8"
_NOT_START_OF_FRAME = frozenset({0xC4, 0xC8, 0xCC})  # Huffman tables, reserved, arithmetic conditioning


def encode_jpeg(rgb: Rgb, quality: int) -> bytes:
    """Encode an RGB frame as baseline JPEG with 4:2:0 chroma.

    imagecodecs and OpenCV both end in libjpeg-turbo and give the same bytes here; imagecodecs takes RGB as it is,
    while OpenCV needs a copy with the channels swapped (0.56 against 0.57 ms for 640x480).

    Args:
        rgb: (H, W, 3) uint8.
        quality: 1 to 100.
    """
    return bytes(imagecodecs.jpeg8_encode(rgb, level=quality, subsampling="420"))


def encode_jpegxl(rgb: Rgb) -> bytes:
    """Encode an RGB frame (H, W, 3) uint8 as lossless JPEG XL at its fastest effort, in this thread."""
    return bytes(imagecodecs.jpegxl_encode(rgb, lossless=True, effort=1, numthreads=1))


def decode_frame(encoded: bytes, encoding: FrameEncoding) -> Rgb:
    """Decode one frame to (H, W, 3) uint8 RGB.

    Raises:
        DamagedData: The bytes are no whole image of this encoding.
    """
    decode: Any = imagecodecs.jpeg8_decode if encoding is FrameEncoding.JPEG else imagecodecs.jpegxl_decode
    try:
        rgb: Rgb = decode(encoded)
    except (RuntimeError, ValueError) as error:
        raise DamagedData(f"{len(encoded)} bytes do not decode as {encoding.value}: {error}") from error
    return rgb


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Height and width in pixels; raises as `size_header` does."""
    _, header = size_header(jpeg)
    return int.from_bytes(header[5:7], "big"), int.from_bytes(header[7:9], "big")


def size_header(jpeg: bytes) -> tuple[int, bytes]:
    """Where the start-of-frame segment is, and its nine bytes up to height and width (ITU T.81, B.2.2).

    Raises:
        WrongShape: The bytes do not begin as a JPEG image does.
    """
    if jpeg[:2] != _START_OF_IMAGE:
        raise WrongShape(
            f"a JPEG begins with ff d8, these {len(jpeg)} bytes with {jpeg[:2].hex(' ') or 'nothing'}"
        )
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_START_OF_FRAME:
            return at, jpeg[at : at + 9]
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    raise WrongShape(
        f"these {len(jpeg)} bytes begin as a JPEG but say no image size; the frame is cut or damaged"
    )
