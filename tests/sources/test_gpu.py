import sys
from types import ModuleType, SimpleNamespace

import pytest

from trainwatch.model.inputs import Gpu, Sample
from trainwatch.sources.gpu import Nvml


class NVMLError(Exception):
    """As in the library."""


@pytest.fixture
def nvml(monkeypatch):
    """A library that knows two devices: one tells everything, one nothing."""
    fake = ModuleType("pynvml")
    fake.NVMLError = NVMLError
    fake.NVML_TEMPERATURE_GPU = 0
    fake.started = 0
    fake.broken = ""

    def start():
        if fake.broken:
            raise NVMLError(fake.broken)
        fake.started += 1

    def tell(value):
        def ask(handle, *_):
            if handle == 1:
                raise NVMLError("Not Supported")
            return value

        return ask

    fake.nvmlInit = start
    fake.nvmlShutdown = lambda: None
    fake.nvmlDeviceGetCount = lambda: 2
    fake.nvmlDeviceGetHandleByIndex = lambda index: index
    fake.nvmlDeviceGetUUID = tell(b"GPU-1")
    fake.nvmlDeviceGetName = tell("H200")
    fake.nvmlDeviceGetUtilizationRates = tell(SimpleNamespace(gpu=87))
    fake.nvmlDeviceGetMemoryInfo = tell(SimpleNamespace(used=7, total=9))
    fake.nvmlDeviceGetTemperature = tell(61)
    fake.nvmlDeviceGetPowerUsage = tell(350_500)
    fake.nvmlDeviceGetComputeRunningProcesses = tell(
        [SimpleNamespace(pid=11, usedGpuMemory=5), SimpleNamespace(pid=12, usedGpuMemory=None)]
    )
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_devices_in_our_units(nvml):
    """Ratios, bytes, degrees, watts; a device that tells nothing is there all the same."""
    devices = Nvml()
    sample = devices.sample(5.0)
    assert sample.gpus == (
        Gpu(0, "GPU-1", "H200", 0.87, 7, 9, 61.0, 350.5, ((11, 5), (12, 0))),
        Gpu(1, "", "", None, None, None),
    )
    assert (sample.at, sample.reason) == (5.0, "")
    devices.sample(6.0)
    assert nvml.started == 1
    devices.close()
    devices.sample(7.0)
    assert nvml.started == 2


def test_without_a_driver_there_is_a_reason(nvml):
    """And it is tried again: a driver may come."""
    nvml.broken = "NVML Shared Library Not Found"
    devices = Nvml()
    assert devices.sample(1.0) == Sample(1.0, (), "no NVIDIA driver here (NVML Shared Library Not Found)")
    nvml.broken = ""
    assert len(devices.sample(2.0).gpus) == 2


def test_without_the_package_there_is_a_reason(monkeypatch):
    """Never an exception."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Nvml().sample(1.0).reason == "the Python package nvidia-ml-py is not installed"


def test_a_driver_without_devices_says_so(nvml):
    """An empty panel has its reason too."""
    nvml.nvmlDeviceGetCount = lambda: 0
    assert Nvml().sample(1.0).reason == "the NVIDIA driver knows no device"


def test_an_old_library_without_a_call(nvml):
    """What it does not know is not known."""
    del nvml.nvmlDeviceGetComputeRunningProcesses
    assert Nvml().sample(1.0).gpus[0].processes == ()
