"""Recordings of every kind, written for a benchmark, and a library's plain call for each."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FEATURES = ("acc_x", "acc_y", "acc_z", "current", "temp", "speed")
RATE_HZ = 100.0
START = 1_772_366_400.0  # 1 March 2026, 12:00 UTC
BYTES_OF_A_ROW = 72  # of CSV with seconds, about
_MATLAB_HEAD = b"MATLAB 7.3 MAT-file, Platform: benchmark".ljust(124) + b"\x00\x02IM"
_USER_BLOCK = 512


@dataclass(frozen=True)
class Recorded:
    """One kind of file.

    Attributes:
        title: For the table.
        suffix: Of the file.
        module: Of its reader, under ``detector.sessions.recordings``.
        write: Writes a table to a path.
        plain: Reads it all with a library, without asking what it means.
        share: Of the rows that text gets: less of what is slow, more of what takes no time.
    """

    title: str
    suffix: str
    module: str
    write: Callable[[pd.DataFrame, Path], None]
    plain: Callable[[Path], object]
    share: float = 1.0


def table(rows: int, seed: int = 7) -> pd.DataFrame:
    """A time and six features at 100 Hz, with five digits each."""
    noise = np.random.default_rng(seed).standard_normal((rows, len(FEATURES))).round(5)
    ts = START + np.arange(rows) / RATE_HZ
    return pd.DataFrame(noise, columns=list(FEATURES)).assign(ts=ts)[["ts", *FEATURES]]


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), str(path))


def _write_iso(frame: pd.DataFrame, path: Path) -> None:
    times = pd.to_datetime((frame["ts"] * 1000).round().astype("int64"), unit="ms")
    _write_csv(frame.assign(ts=times.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")), path)


def _write_gz(frame: pd.DataFrame, path: Path) -> None:
    _write_csv(frame, path.with_suffix(".plain"))
    with path.with_suffix(".plain").open("rb") as plain, gzip.open(path, "wb", 6) as packed:
        shutil.copyfileobj(plain, packed)
    path.with_suffix(".plain").unlink()


def _write_matlab(frame: pd.DataFrame, path: Path) -> None:
    from scipy.io import savemat

    savemat(path, {name: frame[name].to_numpy() for name in frame})


def _write_hdf5(frame: pd.DataFrame, path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for name in frame:
            file[name] = frame[name].to_numpy()


def _write_matlab_hdf5(frame: pd.DataFrame, path: Path) -> None:
    import h5py

    with h5py.File(path, "w", userblock_size=_USER_BLOCK) as file:
        for name in frame:
            file[name] = frame[name].to_numpy()[None, :]
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(_MATLAB_HEAD)


def _write_sound(frame: pd.DataFrame, path: Path) -> None:
    import soundfile

    loud = frame[list(FEATURES)].to_numpy() / 8
    soundfile.write(path, loud, 25_600, subtype="PCM_24")


def _write_tdms(frame: pd.DataFrame, path: Path) -> None:
    from nptdms import ChannelObject, TdmsWriter

    told = {"wf_increment": 1 / RATE_HZ, "wf_start_offset": 0.0}
    with TdmsWriter(path) as writer:
        writer.write_segment(
            [ChannelObject("rig", name, frame[name].to_numpy(), told) for name in FEATURES]
        )


def _write_uff(frame: pd.DataFrame, path: Path) -> None:
    import pyuff

    x = np.arange(len(frame)) / RATE_HZ
    for name in FEATURES:
        told = pyuff.prepare_58(
            binary=1, func_type=1, id1=name, rsp_node=1, rsp_dir=1, ref_node=1, ref_dir=1,
            data=frame[name].to_numpy(), x=x, abscissa_spacing=1, abscissa_inc=1 / RATE_HZ,
            abscissa_min=0.0, ordinate_spec_data_type=12, abscissa_spec_data_type=17,
            orddenom_spec_data_type=0, z_axis_spec_data_type=0,
        )  # fmt: skip
        pyuff.UFF(str(path)).write_sets(told, "add")


def _read_hdf5(path: Path) -> dict[str, Any]:
    import h5py

    with h5py.File(path) as file:
        return {name: file[name][()] for name in file}


def _read_arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return {name: file[name] for name in file}


def _read_matlab(path: Path) -> object:
    from scipy.io import loadmat

    return loadmat(path)


def _read_sound(path: Path) -> object:
    import soundfile

    return soundfile.read(path, dtype="float32")


def _read_tdms(path: Path) -> object:
    from nptdms import TdmsFile

    return TdmsFile.read(path).as_dataframe()


def _read_uff(path: Path) -> object:
    import pyuff

    return pyuff.UFF(str(path)).read_sets()


RECORDED = (
    Recorded("CSV, numbers", ".csv", "delimited", _write_csv, pd.read_csv),
    Recorded("CSV, ISO times", ".csv", "delimited", _write_iso,
             lambda path: pd.read_csv(path, parse_dates=["ts"])),
    Recorded("CSV, gzip", ".csv.gz", "delimited", _write_gz, pd.read_csv),
    Recorded("Parquet", ".parquet", "parquet", lambda frame, path: frame.to_parquet(path),
             pd.read_parquet, 10.0),
    Recorded("JSON lines", ".jsonl", "json_lines",
             lambda frame, path: frame.to_json(path, orient="records", lines=True),
             lambda path: pd.read_json(path, lines=True), 0.25),
    Recorded("Excel", ".xlsx", "excel", lambda frame, path: frame.to_excel(path, index=False),
             lambda path: pd.read_excel(path, engine="calamine"), 0.05),
    Recorded("NumPy, NPZ", ".npz", "arrays",
             lambda frame, path: np.savez(path, **{n: frame[n].to_numpy() for n in frame}),
             _read_arrays, 10.0),
    Recorded("MATLAB 5", ".mat", "matlab", _write_matlab, _read_matlab, 10.0),
    Recorded("MATLAB 7.3", ".mat", "matlab", _write_matlab_hdf5, _read_hdf5, 10.0),
    Recorded("WAV", ".wav", "sound", _write_sound, _read_sound, 10.0),
    Recorded("FLAC", ".flac", "sound", _write_sound, _read_sound, 10.0),
    Recorded("TDMS", ".tdms", "tdms", _write_tdms, _read_tdms, 10.0),
    Recorded("UFF", ".uff", "uff", _write_uff, _read_uff),
    Recorded("HDF5", ".h5", "hdf5", _write_hdf5, _read_hdf5, 10.0),
)  # fmt: skip
