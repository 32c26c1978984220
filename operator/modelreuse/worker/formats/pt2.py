"""`.pt2`, as `torch.export.save` writes it, without ever unpickling.

`torch.export.load` unpickles without restraint: weights and constants marked `use_pickle`, custom and opaque objects,
the legacy `weights/*.pt` and `constants/*.pt`, and, where strict loading fails, the sample inputs. It also loads
compiled libraries. So torch never sees the file: a new archive is built in memory out of the parts that were checked,
raw tensors and the reduced program (`formats.program`), and that is what torch reads. Two readers of one zip can't
disagree, because there is only one reader of the original.
"""

import io
import json
import logging
import re
import warnings
import zlib
from typing import Any

import torch
from torch import nn
from torch.export.passes import move_to_device_pass

from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.archive import DAMAGED, Archive
from modelreuse.worker.formats.model import LoadedModel
from modelreuse.worker.formats.program import UnsafeProgramError, checked
from modelreuse.worker.model_fields import ModelFields
from modelreuse.worker.wording import one_line

_PROGRAM = "models/model.json"
_CONFIGS = {
    "data/weights/model_weights_config.json": ("data/weights/", re.compile(r"weight_[0-9]{1,9}")),
    "data/constants/model_constants_config.json": ("data/constants/", re.compile(r"tensor_[0-9]{1,9}")),
}
"""Per kind of tensor: the list of them, the folder of their bytes, and what the files there are called."""

_PICKLED = re.compile(r"data/(weights|constants)/[^/]*\.pt|.*\.pkl|serialized_[a-z_]+\.(json|pt)")
_MAX_CONFIG_BYTES = 64 * 2**20
_EXPORT_AGAIN = "export it again with torch.export.save of a recent PyTorch, or use .safetensors with a factory"
_CPU = {"type": "cpu", "index": None}


def load_pt2(content: Content, fields: ModelFields, device: torch.device) -> LoadedModel:
    """The program's modules under their own names, on `device`.

    Raises TaskError: ArchiveDamaged, NeedsPickle, UnsafeProgram, ModelNotReadable; torch.OutOfMemoryError.
    """
    clean = _rebuilt(content, fields.uri)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.load(clean)
            clean.close()
            if device.type != "cpu" or _mentions_other_devices(program, device):
                program = move_to_device_pass(program, device)
            module: nn.Module = torch.export.unflatten(program)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        logging.getLogger(__name__).info("torch.export.load failed", exc_info=error)
        cause = one_line(f"{type(error).__name__}: {error}", 200)
        raise TaskError("ModelNotReadable", fields.uri, f"PyTorch {torch.__version__} can't load it: {cause}") from None
    return LoadedModel(module, "TorchExport")


def _mentions_other_devices(program: torch.export.ExportedProgram, device: torch.device) -> bool:
    """Whether the graph was traced on another kind of device than it is to run on."""
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if isinstance(value, torch.Tensor) and value.device.type != device.type:
            return True
        if any(isinstance(a, torch.device) and a.type != device.type for a in (*node.args, *node.kwargs.values())):
            return True
    return False


def _rebuilt(content: Content, field: str) -> io.BytesIO:
    archive = Archive(io.BytesIO(content.data), field, ".pt2")
    root = _root(archive)
    _refuse_pickles(archive, root)
    if f"{root}{_PROGRAM}" not in archive.names:
        raise archive.damaged("is no .pt2 archive of one exported program called 'model'")
    try:
        return _write(archive, root, field)
    except (*DAMAGED, zlib.error, AttributeError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, UnsafeProgramError):
            raise TaskError("UnsafeProgram", field, f"is refused: {error}") from None
        raise archive.damaged("is no readable .pt2 archive: cut off or damaged") from None


def _root(archive: Archive) -> str:
    """The one folder that holds everything, with a slash; empty if there is none."""
    roots = {name.partition("/")[0] for name in archive.names}
    return f"{roots.pop()}/" if len(roots) == 1 and all("/" in name for name in archive.names) else ""


def _refuse_pickles(archive: Archive, root: str) -> None:
    for name in archive.names:
        inside = name.removeprefix(root)
        if _PICKLED.fullmatch(inside):
            raise TaskError(
                "NeedsPickle", archive.field, f"holds {inside!r}, which would have to be unpickled; {_EXPORT_AGAIN}"
            )
        if inside.startswith("data/aotinductor/"):
            raise TaskError("UnsafeProgram", archive.field, f"is refused: it holds compiled code; {_EXPORT_AGAIN}")
        if archive.is_compressed(name):
            raise archive.damaged(f"member {inside!r} is compressed, which torch.export.save never does")


def _write(archive: Archive, root: str, field: str) -> io.BytesIO:
    from torch.export.pt2_archive._package import PT2ArchiveWriter

    program = checked(_member(archive, f"{root}{_PROGRAM}"))
    buffer = io.BytesIO()
    with PT2ArchiveWriter(buffer) as writer:
        for name, (folder, pattern) in _CONFIGS.items():
            config = _payloads(archive, f"{root}{name}", field)
            written: set[str] = set()
            for tensor, payload in config.items():
                path = payload.get("path_name")
                if not isinstance(path, str) or not pattern.fullmatch(path):
                    raise _needs_pickle(field, tensor)
                _check_payload(payload, tensor, archive.size(f"{root}{folder}{path}"), archive)
                if path not in written:
                    writer.write_bytes(f"{folder}{path}", _member(archive, f"{root}{folder}{path}"))
                    written.add(path)
            writer.write_string(name, json.dumps({"config": config}))
        writer.write_string(_PROGRAM, program.decode())
        writer.write_bytes("data/sample_inputs/model.pt", b"")
    buffer.seek(0)
    return buffer


def _member(archive: Archive, name: str) -> bytes:
    with archive.open(name) as stream:
        data = stream.read()
    if len(data) != archive.size(name):
        raise archive.damaged("is cut off")
    return data


def _payloads(archive: Archive, name: str, field: str) -> dict[str, dict[str, Any]]:
    if archive.size(name) > _MAX_CONFIG_BYTES:
        raise archive.damaged("lists too many tensors")
    config = json.loads(_member(archive, name))["config"]
    for tensor, payload in config.items():
        if payload.get("use_pickle") is not False or not payload.get("tensor_meta"):
            raise _needs_pickle(field, tensor)
        payload["tensor_meta"]["device"] = _CPU
    return dict(config)


def _needs_pickle(field: str, tensor: str) -> TaskError:
    return TaskError("NeedsPickle", field, f"{tensor!r} would have to be unpickled; {_EXPORT_AGAIN}")


def _check_payload(payload: dict[str, Any], tensor: str, size: int, archive: Archive) -> None:
    """Torch allocates what an empty record's metadata declares; and sizes must be plain numbers."""
    meta = payload["tensor_meta"]
    sizes = [number["as_int"] for number in meta["sizes"]]
    plain = [*sizes, *(number["as_int"] for number in meta["strides"]), meta["storage_offset"]["as_int"]]
    if any(type(number) is not int or number < 0 for number in plain):
        raise archive.damaged(f"{tensor!r} has a malformed shape")
    if size == 0 and 0 not in sizes:
        raise archive.damaged(f"{tensor!r} is without its values")
