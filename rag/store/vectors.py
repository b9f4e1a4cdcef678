"""Pack vectors for the record: 8 bits a value for chunks and papers, 4 bits for sentences.

A packed row is a float32, the scale, followed by its codes; a value is its code times the scale. The scale is chosen so
that the row keeps its length. 4-bit codes are stored plus 8, two in a byte, the first in the low half; a half
byte of 0 fills up an odd number of values. On whole papers, cosines change by less than 0.0001 with 8 bits and by 0.006
at the median with 4 bits (see eval/LOG.md).
"""

import numpy as np
from numpy.typing import NDArray

_SCALE_BYTES = 4
_STEPS, _HALF_A_STEP = np.uint32(0xFFFFFF00), np.uint32(0x80)  # the scale's last 8 bits are 0
_LARGEST_8, _LARGEST_4 = 127, 7
_CLIPS = (1.0, 0.85, 0.7, 0.6, 0.5)  # parts of a row's largest value that the largest 4-bit code may stand for


def pack8(vectors: NDArray[np.floating]) -> bytes:
    """Return vectors (rows, dimensions) in one byte a value."""
    values = np.asarray(vectors, np.float32)
    codes = _codes(values, _largest(values), _LARGEST_8)
    return _joined(_scales(values, codes), codes.astype(np.int8).view(np.uint8))


def unpack8(data: bytes, rows: int) -> NDArray[np.float32]:
    """Return what `pack8` packed, (rows, dimensions). Raise ValueError if the bytes are not of so many rows."""
    scales, codes = _split(data, rows)
    return codes.view(np.int8).astype(np.float32) * scales


def pack4(vectors: NDArray[np.floating]) -> bytes:
    """Return vectors (rows, dimensions) in half a byte a value."""
    values = np.asarray(vectors, np.float32)
    largest = _largest(values)
    tried = [_codes(values, largest * clip, _LARGEST_4) for clip in _CLIPS]
    # The closest direction wins: of rows with the same length, the one with the largest cosine.
    cosines = [_cosines(values, codes) for codes in tried]
    codes = np.choose(np.argmax(cosines, axis=0)[:, None], tried)
    halves = np.pad((codes + 8).astype(np.uint8), ((0, 0), (0, codes.shape[1] % 2)))
    return _joined(_scales(values, codes), halves[:, ::2] | (halves[:, 1::2] << 4))


def unpack4(data: bytes, rows: int) -> NDArray[np.float32]:
    """Return what `pack4` packed, (rows, dimensions). Raise ValueError if the bytes are not of so many rows."""
    scales, codes = _split(data, rows)
    halves = np.stack([codes & 15, codes >> 4], axis=2).reshape(rows, 2 * codes.shape[1])
    if halves.size and not halves[:, -1].any():
        halves = halves[:, :-1]
    return (halves.astype(np.float32) - 8.0) * scales


def _largest(values: NDArray[np.float32]) -> NDArray[np.float32]:
    largest: NDArray[np.float32] = np.abs(values).max(axis=1, keepdims=True, initial=0.0)
    return largest


def _codes(values: NDArray[np.float32], largest: NDArray[np.float32], code: int) -> NDArray[np.int32]:
    """Return values as integers, in which `code` stands for `largest` and above."""
    factors = np.divide(code, largest, out=np.zeros_like(largest), where=largest > 0)
    return np.clip(np.rint(values * factors), -code, code).astype(np.int32)


def _cosines(values: NDArray[np.float32], codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the cosine of each row and its codes, up to a factor that is the same for all codes of a row."""
    lengths = np.maximum(np.linalg.norm(codes, axis=1), 1.0)
    cosines: NDArray[np.float64] = np.einsum("ij,ij->i", values, codes, dtype=np.float64) / lengths
    return cosines


def _scales(values: NDArray[np.float32], codes: NDArray[np.int32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(codes, axis=1)
    scales = np.divide(np.linalg.norm(values, axis=1), lengths, out=np.zeros(len(codes)), where=lengths > 0)
    # Rounded, so that a packed row that is unpacked and packed again stays the same.
    bits = (scales.astype("<f4").view("<u4") + _HALF_A_STEP) & _STEPS
    rounded: NDArray[np.float32] = bits.view("<f4")[:, None]
    return rounded


def _joined(scales: NDArray[np.float32], codes: NDArray[np.uint8]) -> bytes:
    return np.hstack([scales.view(np.uint8), codes]).tobytes()


def _split(data: bytes, rows: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return scales (rows, 1) and codes (rows, bytes)."""
    if not rows and not data:
        return np.zeros((0, 1), np.float32), np.zeros((0, 0), np.uint8)
    if not rows or len(data) % rows or len(data) // rows < _SCALE_BYTES:
        raise ValueError(f"{len(data)} bytes are not {rows} vectors")
    table = np.frombuffer(data, np.uint8).reshape(rows, -1)
    return np.ascontiguousarray(table[:, :_SCALE_BYTES]).view("<f4"), np.ascontiguousarray(table[:, _SCALE_BYTES:])
