"""The devices of this machine, through NVML."""

from __future__ import annotations

from contextlib import suppress
from types import ModuleType
from typing import Any

from trainwatch.model.inputs import Gpu, Sample


class Nvml:
    """Samples every NVIDIA device. Never raises: what the driver does not tell is None, and no device at all has a reason.

    The library is imported and started at the first sample; without a driver it is tried again at each.
    """

    def __init__(self) -> None:
        """Touches nothing yet."""
        self._nvml: ModuleType | None = None
        self._handles: list[Any] = []

    def sample(self, now: float) -> Sample:
        """The devices at `now`, in Unix seconds."""
        reason = self._start()
        if reason or self._nvml is None:
            return Sample(now, (), reason)
        gpus = tuple(self._gpu(self._nvml, index, handle) for index, handle in enumerate(self._handles))
        return Sample(now, gpus, "" if gpus else "the NVIDIA driver knows no device")

    def close(self) -> None:
        """Let go of the driver."""
        if self._nvml is not None:
            with suppress(self._nvml.NVMLError):
                self._nvml.nvmlShutdown()
        self._nvml, self._handles = None, []

    def _start(self) -> str:
        """Load the library; returns why it cannot be used, empty when it can."""
        if self._nvml is not None:
            return ""
        try:
            import pynvml  # noqa: PLC0415  50 ms that a machine without devices should not pay
        except ImportError:
            return "the Python package nvidia-ml-py is not installed"
        try:
            pynvml.nvmlInit()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as error:
            return f"no NVIDIA driver here ({error})"
        self._nvml = pynvml
        return ""

    def _gpu(self, nvml: ModuleType, index: int, handle: Any) -> Gpu:
        """One device."""

        def ask(name: str, *args: object) -> Any:
            try:
                return getattr(nvml, name)(handle, *args)
            except (nvml.NVMLError, AttributeError):
                return None

        busy, memory, watts = ask("nvmlDeviceGetUtilizationRates"), ask("nvmlDeviceGetMemoryInfo"), ask("nvmlDeviceGetPowerUsage")
        degrees = ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU)
        return Gpu(
            index=index,
            uuid=_text(ask("nvmlDeviceGetUUID")),
            name=_text(ask("nvmlDeviceGetName")),
            utilisation=None if busy is None else busy.gpu / 100,
            memory_used=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            temperature=None if degrees is None else float(degrees),
            power=None if watts is None else watts / 1000,
            processes=tuple((p.pid, int(p.usedGpuMemory or 0)) for p in ask("nvmlDeviceGetComputeRunningProcesses") or ()),
        )


def _text(value: str | bytes | None) -> str:
    """A name; older libraries give bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
