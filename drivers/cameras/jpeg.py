"""The little that has to be known of a JPEG without decoding it: is it whole, and how large is its picture.

Markers and their layout: ITU-T T.81, annex B.
"""

from __future__ import annotations

_START = b"\xff\xd8"
_END = b"\xff\xd9"
# Start-of-frame markers: C0 to CF without C4 (Huffman tables), C8 (reserved) and CC (arithmetic conditioning).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def whole_jpeg(data: bytes) -> bytes | None:
    """The JPEG without what a driver left behind its end, or None when it is cut short or no JPEG at all."""
    if not data.startswith(_START):
        return None
    end = data.rfind(_END)
    return None if end < 0 else data[: end + 2]


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels from the frame header; None when there is none before the picture's data."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _FRAME_MARKERS:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return width, height
        elif marker == 0xDA:  # start of scan: the picture's data begins
            return None
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
