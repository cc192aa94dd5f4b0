"""The frames' codecs as zarr knows them, found through the `zarr.codecs` entry point.

Their names and configuration keys are those of the `imagecodecs-zarr` package, which needs Python 3.12: a dataset
opens with that package and none of ours, and the other way round.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from zarr.abc.codec import ArrayBytesCodec
from zarr.core.array_spec import ArraySpec
from zarr.core.buffer import Buffer, NDBuffer
from zarr.core.common import JSON, parse_named_configuration


@dataclass(frozen=True, kw_only=True)
class _ImageCodec(ArrayBytesCodec):
    """An image format as zarr's array-to-bytes codec; a chunk is one image with leading axes of length 1."""

    is_fixed_size = False
    codec_name: ClassVar[str]

    @classmethod
    def from_dict(cls, data: dict[str, JSON]) -> Self:
        """Parse the codec's metadata.

        Raises:
            ValueError: It has a key that this codec does not know how to honour.
        """
        _, configuration = parse_named_configuration(data, cls.codec_name, require_configuration=False)
        values: dict[str, Any] = {k: v for k, v in (configuration or {}).items() if v is not None}
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"{cls.codec_name}: unknown configuration {unknown}; known are {known}")
        return cls(**values)

    def to_dict(self) -> dict[str, JSON]:
        """The codec's metadata, without the keys that are not set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"name": self.codec_name, "configuration": {k: v for k, v in values.items() if v is not None}}

    def compute_encoded_size(self, _input_byte_length: int, _chunk_spec: ArraySpec) -> int:
        """Image formats give no fixed size."""
        raise NotImplementedError(f"{self.codec_name} has no fixed size")

    @abstractmethod
    def _encode_image(self, image: NDArray[Any]) -> bytes: ...

    @abstractmethod
    def _decode_image(self, encoded: bytes) -> NDArray[Any]: ...

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        image = await asyncio.to_thread(self._decode_image, chunk_bytes.to_bytes())
        return chunk_spec.prototype.nd_buffer.from_numpy_array(image.reshape(chunk_spec.shape))

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer | None:
        image = np.squeeze(chunk_array.as_numpy_array())
        encoded = await asyncio.to_thread(self._encode_image, image)
        return chunk_spec.prototype.buffer.from_bytes(encoded)


@dataclass(frozen=True, kw_only=True)
class JpegCodec(_ImageCodec):
    """JPEG; `level` is the quality, `subsampling` the chroma's (`420`, `444`)."""

    codec_name = "imagecodecs_jpeg"
    level: int | None = None
    subsampling: str | None = None
    colorspace_data: str | None = None
    colorspace_jpeg: str | None = None
    optimize: bool | None = None
    lossless: bool | None = None

    def _encode_image(self, image: NDArray[Any]) -> bytes:
        return bytes(
            imagecodecs.jpeg8_encode(
                image,
                level=self.level,
                colorspace=self.colorspace_data,
                outcolorspace=self.colorspace_jpeg,
                subsampling=self.subsampling,
                optimize=self.optimize,
                lossless=self.lossless,
            )
        )

    def _decode_image(self, encoded: bytes) -> NDArray[Any]:
        return imagecodecs.jpeg8_decode(
            encoded, colorspace=self.colorspace_jpeg, outcolorspace=self.colorspace_data
        )


@dataclass(frozen=True, kw_only=True)
class JpegXlCodec(_ImageCodec):
    """JPEG XL, lossless unless told otherwise."""

    codec_name = "imagecodecs_jpegxl"
    level: int | None = None
    effort: int | None = None
    distance: float | None = None
    lossless: bool | None = None

    def _encode_image(self, image: NDArray[Any]) -> bytes:
        lossless = self.lossless is None or self.lossless
        return bytes(
            imagecodecs.jpegxl_encode(
                image, level=self.level, effort=self.effort, distance=self.distance, lossless=lossless
            )
        )

    def _decode_image(self, encoded: bytes) -> NDArray[Any]:
        return imagecodecs.jpegxl_decode(encoded)
