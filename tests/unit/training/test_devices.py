"""Which GPUs count: those of the framework that the training has loaded."""

from types import SimpleNamespace

from modelreuse.training.devices import devices_in_use


def torch_with(*uuids: str) -> SimpleNamespace:
    """What we ask PyTorch, answered as on a machine with these GPUs."""
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_available=lambda: bool(uuids),
            device_count=lambda: len(uuids),
            get_device_properties=lambda index: SimpleNamespace(uuid=uuids[index]),
            synchronize=lambda: "waited",
        )
    )


def test_without_a_framework_there_are_none():
    assert devices_in_use({}).gpus == ()


def test_without_a_gpu_there_are_none_and_nothing_to_wait_for():
    assert devices_in_use({"torch": torch_with()}).synchronize is None


def test_all_gpus_that_pytorch_sees_count():
    devices = devices_in_use({"torch": torch_with("a-1", "b-2")})

    assert devices.gpus == ("GPU-a-1", "GPU-b-2")
    assert devices.synchronize() == "waited"
