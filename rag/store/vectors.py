"""Pack vectors for the record in one byte a value.

A packed row is a float32, the scale, followed by its codes; a value is its code times the scale. A row's largest value
has the code 127 or -127, and the scale is chosen so that the row keeps its length. Cosines change by less than 0.0001,
and no answer to the 229 open questions on whole papers changed its score. Half a byte a value for sentences changed
two (see eval/LOG.md).
"""

import numpy as np
from numpy.typing import NDArray

_SCALE_BYTES = 4
_LARGEST = 127
_STEPS, _HALF_A_STEP = np.uint32(0xFFFFFF00), np.uint32(0x80)  # the scale's last 8 bits are 0


def pack(vectors: NDArray[np.floating]) -> bytes:
    """Return vectors, (rows, dimensions), as bytes."""
    values = np.asarray(vectors, np.float32)
    largest = np.abs(values).max(axis=1, keepdims=True, initial=0.0)
    codes = np.rint(values * np.divide(_LARGEST, largest, out=np.zeros_like(largest), where=largest > 0))
    lengths = np.linalg.norm(codes, axis=1)
    scales = np.divide(np.linalg.norm(values, axis=1), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    # Rounded, so that a row that is unpacked and packed again stays the same.
    bits = (scales.astype("<f4").view("<u4") + _HALF_A_STEP) & _STEPS
    return np.hstack([bits[:, None].view(np.uint8), codes.astype(np.int8).view(np.uint8)]).tobytes()


def unpack(data: bytes, rows: int) -> NDArray[np.float32]:
    """Return what `pack` packed, (rows, dimensions). Raise ValueError if the bytes are not of so many rows."""
    if not rows and not data:
        return np.zeros((0, 0), np.float32)
    if not rows or len(data) % rows or len(data) // rows < _SCALE_BYTES:
        raise ValueError(f"{len(data)} bytes are not {rows} vectors")
    table = np.frombuffer(data, np.uint8).reshape(rows, -1)
    scales = np.ascontiguousarray(table[:, :_SCALE_BYTES]).view("<f4")
    values: NDArray[np.float32] = table[:, _SCALE_BYTES:].view(np.int8).astype(np.float32) * scales
    return values
