"""A model as bytes: named arrays and a JSON head in an .npz, without pickles and without a date. No files here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


def packed(head: Mapping[str, object], arrays: Mapping[str, Array]) -> bytes:
    """Head and arrays as bytes; equal contents give equal bytes."""
    first = {"head": np.frombuffer(json.dumps(head, ensure_ascii=True).encode(), dtype=np.uint8)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in (first | dict(arrays)).items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980-01-01, so that bytes do not depend on the clock
            entry.compress_type = zipfile.ZIP_DEFLATED
            body = io.BytesIO()
            np.lib.format.write_array(body, array, allow_pickle=False)
            archive.writestr(entry, body.getvalue(), compresslevel=1)
    return target.getvalue()


def unpacked(data: bytes, what: str, version: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The inverse. Raises ValueError, saying that it is not a `what`, for anything else or another version."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
            head = json.loads(arrays.pop("head").tobytes())
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a {what}: {error}") from error
    if head.get("version") != version:
        raise ValueError(f"{what} version {head.get('version')}, this code reads {version}")
    return head, arrays
