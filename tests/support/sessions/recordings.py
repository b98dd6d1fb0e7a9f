"""One recording in files of every kind: 200 rows of ``ts``, ``acc_x``, ``temp`` at 10 Hz."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
from datetime import UTC, datetime

import h5py
import numpy as np
import pandas as pd
import pyuff
import scipy.io
import soundfile
from nptdms import ChannelObject, TdmsWriter
from openpyxl import Workbook

from detector.sessions.packing import sources
from detector.sessions.recordings.contract import NO_HINTS
from detector.sessions.recordings.kinds import kind_of, reader_of

N, RATE_HZ, T0 = 200, 10.0, 1_772_366_400.0
SAMPLE = pd.DataFrame(
    {
        "ts": T0 + np.arange(N) / RATE_HZ,
        "acc_x": np.round(np.sin(np.arange(N) / 7), 4),
        "temp": 20 + np.arange(N) / 100,
    }
)
SIGNALS = ["acc_x", "temp"]
FULL_SCALE = 32.0  # what 1.0 of a sound stands for, where it has no values beyond
ROWS = SAMPLE.to_dict("records")
COLUMNS = SAMPLE.to_dict("list")


def sample_tables(path, hints=NO_HINTS):
    """What the readers find in a file: each table, used up, and its rows."""
    with sources(path) as found:
        return [
            (table, pd.concat(list(table.chunks), ignore_index=True))
            for source in found
            for table in reader_of(kind_of(source), source.name)(source, hints)
        ]


def write_sheet(path, rows, *, title="Sheet", more=()):
    """A workbook; ``more`` are further sheets, title and rows."""
    book = Workbook(write_only=True)
    for name, some in [(title, rows), *more]:
        sheet = book.create_sheet(name)
        for row in some:
            sheet.append(list(row))
    book.save(path)


def _xlsx(path):
    write_sheet(path, [list(SAMPLE), *SAMPLE.to_numpy().tolist()])


def _ods(path):
    def cell(value):
        kind = "float" if isinstance(value, float) else "string"
        told = f' office:value="{value!r}"' if kind == "float" else ""
        text = f'office:value-type="{kind}"{told}><text:p>{value}</text:p>'
        return f"<table:table-cell {text}</table:table-cell>"

    rows = [list(SAMPLE), *SAMPLE.to_numpy().tolist()]
    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {names}><office:body>'
            f'<office:spreadsheet><table:table table:name="Data">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


def _zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/a.jsonl", _lines())


def _lines():
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def _influx(path):
    series = {"name": "motor", "columns": list(SAMPLE), "values": SAMPLE.to_numpy().tolist()}
    path.write_text(json.dumps({"results": [{"statement_id": 0, "series": [series]}]}))


def _grafana(path):
    fields = [{"name": name, "type": "number"} for name in SAMPLE]
    fields[0]["type"] = "time"
    frame = {"schema": {"fields": fields}, "data": {"values": list(COLUMNS.values())}}
    path.write_text(json.dumps({"results": {"A": {"status": 200, "frames": [frame]}}}))


def _records(path):
    with path.open("wb") as file:
        np.save(file, SAMPLE.to_records(index=False))


def _npz(path):
    with path.open("wb") as file:
        np.savez_compressed(file, **{name: SAMPLE[name].to_numpy() for name in SAMPLE})


def _mat(path):
    scipy.io.savemat(path, {name: SAMPLE[name].to_numpy() for name in SAMPLE})


def _mat_hdf5(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        for name in SAMPLE:
            file[name] = SAMPLE[name].to_numpy()[None, :]
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def _hdf5(path):
    with h5py.File(path, "w") as file:
        file.update({name: SAMPLE[name].to_numpy() for name in SAMPLE})


def _wav(path):
    soundfile.write(path, SAMPLE[SIGNALS].to_numpy(), int(RATE_HZ), subtype="DOUBLE")


def _flac(path):
    soundfile.write(path, SAMPLE[SIGNALS].to_numpy() / FULL_SCALE, int(RATE_HZ), subtype="PCM_24")


def _tdms(path):
    wave = {"wf_start_time": np.datetime64(int(T0), "s").astype("datetime64[us]")}
    wave |= {"wf_increment": 1 / RATE_HZ, "wf_start_offset": 0.0}
    with TdmsWriter(path) as writer:
        writer.write_segment(
            [ChannelObject("pump", name, SAMPLE[name].to_numpy(), wave) for name in SIGNALS]
        )


def _uff(path):
    told = {
        "type": 58, "func_type": 1, "rsp_node": 0, "rsp_dir": 0, "ref_node": 0, "ref_dir": 0,
        "x": np.arange(N) / RATE_HZ, "binary": 0, "abscissa_spacing": 1,
        "abscissa_spec_data_type": 17, "ordinate_spec_data_type": 12, "orddenom_spec_data_type": 0,
        "rsp_ent_name": "NONE", "ref_ent_name": "NONE", "ordinate_axis_units_lab": "NONE",
    }  # fmt: skip
    sets = [told | {"id1": name, "data": SAMPLE[name].to_numpy()} for name in SIGNALS]
    pyuff.UFF(str(path)).write_sets(sets, "add")


# By the name of the file; a new kind is a line. What has no ``ts`` has the rate.
WRITERS = {
    "a.csv": lambda path: SAMPLE.to_csv(path, index=False),
    "a.csv.gz": lambda path: SAMPLE.to_csv(path, index=False),
    "a.parquet": SAMPLE.to_parquet,
    "a.xlsx": _xlsx,
    "a.ods": _ods,
    "a.jsonl": lambda path: path.write_bytes(_lines()),
    "a.ndjson.gz": lambda path: path.write_bytes(gzip.compress(_lines())),
    "a.jsonl.bz2": lambda path: path.write_bytes(bz2.compress(_lines())),
    "a.jsonl.xz": lambda path: path.write_bytes(lzma.compress(_lines())),
    "a.zip": _zip,
    "rows.json": lambda path: path.write_text(json.dumps(ROWS)),
    "columns.json": lambda path: path.write_text(json.dumps(COLUMNS)),
    "wrapped.json": lambda path: path.write_text(json.dumps({"device": "m1", "data": ROWS})),
    "split.json": lambda path: SAMPLE.to_json(path, orient="split", index=False),
    "table.json": lambda path: SAMPLE.to_json(path, orient="table", index=False),
    "pandas.json": SAMPLE.to_json,
    "values.json": lambda path: path.write_text(
        json.dumps([list(SAMPLE), *SAMPLE.to_numpy().tolist()])
    ),
    "influx.json": _influx,
    "grafana.json": _grafana,
    "a.npz": _npz,
    "records.npy": _records,
    "a.mat": _mat,
    "hdf5.mat": _mat_hdf5,
    "a.h5": _hdf5,
    "a.wav": _wav,
    "a.flac": _flac,
    "a.tdms": _tdms,
    "a.uff": _uff,
}
# What a cut file of this kind still tells is right; of the others nothing is read.
CUT_BETWEEN_ROWS = ("a.csv", "a.jsonl", "a.wav")
CUT_BETWEEN_CHANNELS = ("a.tdms", "a.uff")


def iso(seconds):
    """A time in UTC as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
