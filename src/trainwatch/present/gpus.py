"""The devices, or the reason why there is nothing to see."""

from __future__ import annotations

from trainwatch.model.inputs import Gpu
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import Part, title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.numbers import percent
from trainwatch.present.width import wrap

_COLUMN = 18
"""The fewest cells a device takes: `0  98 % ████ 71.2G`."""


def gpu_panel(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """A device a row, in several columns where rows are short; the idlest first when not all fit."""
    canvas = Canvas(width, height)
    sample = snapshot.sample
    gpus = sample.gpus if sample else ()
    rows = height - 1
    columns = min(-(-len(gpus) // max(rows, 1)) or 1, max(width // _COLUMN, 1))
    shown = gpus if len(gpus) <= rows * columns else sorted(gpus, key=_load)[: rows * columns]
    hidden = [(f"+{len(gpus) - len(shown)} busier", "text.dim")] if len(shown) < len(gpus) else []
    title(canvas, "gpu", [*hidden, *_memory(gpus)], [], look)
    if not gpus:
        for y, line in enumerate(wrap(look.text(_reason(snapshot)), width - 2, rows, look.cut), 1):
            canvas.put(1, y, line, "text.dim")
    each = width // columns
    for i, gpu in enumerate(shown):
        canvas.stamp(_device(gpu, each - (1 if columns > 1 else 0), look), i // max(rows, 1) * each, 1 + i % max(rows, 1))
    return canvas


def devices(snapshot: Snapshot) -> int | None:
    """How many devices there are to show; None where nobody looks at them, and nobody will."""
    if snapshot.sample is not None:
        return len(snapshot.sample.gpus)
    is_coming = snapshot.run.supervised or (snapshot.state == "starting" and bool(snapshot.run.directory))
    return 0 if is_coming else None


def _load(gpu: Gpu) -> float:
    """Utilisation, unknown as idle."""
    return gpu.utilisation if gpu.utilisation is not None else 0.0


def _reason(snapshot: Snapshot) -> str:
    """Why there is no device."""
    if snapshot.sample is not None:
        return clean(snapshot.sample.reason) or "no device found"
    return "not sampled: nobody watches the devices of this run" if devices(snapshot) is None else "not sampled yet"


def _memory(gpus: tuple[Gpu, ...]) -> list[Part]:
    """The fullest device's memory."""
    known = [(g.memory_used, g.memory_total) for g in gpus if g.memory_used is not None and g.memory_total]
    if not known:
        return []
    used, total = max(known, key=lambda m: m[0] / (m[1] or 1))
    return [(f"memory up to {used / 1e9:.1f}/{(total or 0) / 1e9:.0f} GB", "text.dim")]


def _device(gpu: Gpu, width: int, look: Look) -> Canvas:
    """One device: index, utilisation with a bar, memory, and where there is room temperature and power."""
    canvas = Canvas(width, 1)
    right = "" if gpu.memory_used is None else f"{gpu.memory_used / 1e9:.1f}G"
    if width >= 32:
        right += "" if gpu.temperature is None else f" {gpu.temperature:3.0f}C"
        right += "" if gpu.power is None else f" {gpu.power:4.0f}W"
    used = "?" if gpu.utilisation is None else percent(gpu.utilisation).replace(" ", "")
    x = canvas.put(0, 0, f"{gpu.index:2d} {used:>4} ")
    room = max(width - x - len(right) - 1, 0)
    full = min(-(-round(room * 100 * _load(gpu)) // 100), room)
    canvas.put(x, 0, look.bar[0] * full, "gpu.bar")
    canvas.put(x + full, 0, look.bar[1] * (room - full), "gpu.rest")
    canvas.put(width - len(right), 0, right, "text.dim")
    return canvas
