"""Safetensors files: the header says where every tensor ends, and the file must end there too.

https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import os
from typing import Any, BinaryIO

HEADER_LIMIT = 100_000_000
"""Bytes of a header, by the format's own rule."""

BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 8),
}
"""Size of an element; types that are not named here are not checked."""


def fault(file: BinaryIO) -> str | None:
    """Why a file is not whole; None when it is. Reads only the header."""
    size = os.fstat(file.fileno()).st_size
    head = file.read(8)
    length = int.from_bytes(head, "little")
    if len(head) < 8:
        return "empty" if size == 0 else f"cut short: {size} bytes"
    if length > HEADER_LIMIT:
        return "not a safetensors file: the header is too long"
    if 8 + length > size:
        return f"cut short inside its header: {size} of {8 + length} bytes"
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        return "not a safetensors file: the header is no valid JSON"
    if not isinstance(header, dict):
        return "not a safetensors file: the header is no object"
    return _tensors(header, size - 8 - length)


def names(file: BinaryIO) -> frozenset[str]:
    """The tensors of a file that `fault` has found to be whole."""
    length = int.from_bytes(file.read(8), "little")
    return frozenset(json.loads(file.read(length))) - {"__metadata__"}


def _tensors(header: dict[str, Any], size: int) -> str | None:
    """Tensors must follow each other without a gap, each as long as its shape says, up to the end of the file."""
    spans: list[tuple[int, int]] = []
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        try:
            begin, end = (int(n) for n in tensor["data_offsets"])
            bits = BITS.get(tensor["dtype"])
            elements = math.prod(int(n) for n in tensor["shape"])
        except (KeyError, TypeError, ValueError):
            return f"tensor {name!r}: the header does not describe it"
        if bits is not None and elements * bits != (end - begin) * 8:
            return f"tensor {name!r}: its length does not fit its shape"
        spans.append((begin, end))
    at = 0
    for begin, end in sorted(spans):
        if begin != at or end < begin:
            return "the tensors do not follow each other"
        at = end
    if at != size:
        return f"cut short: {size} of {at} bytes of tensors" if size < at else f"{size - at} bytes too many"
    return None
