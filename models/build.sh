#!/bin/sh
# Rebuilds the shipped bundles from simulated sessions of 48 motors of each type: `make models`.
# The same machine and library versions give the same bytes.
set -eu
python="${PYTHON:-python}"
sessions="$(mktemp -d)"
trap 'rm -rf "$sessions"' EXIT INT TERM

session() {  # RPM SEED [OPTION ...]: one session of one motor
    rpm="$1"; unit="$2"; shift 2
    "$python" -m simulator generate --rpm "$rpm" --sessions 1 --minutes 5 --seed "$unit" \
        --out "$sessions/rpm_$rpm" "$@"
}

for rpm in 600 1200; do
    for unit in $(seq 1 36); do session "$rpm" "$unit"; done
    for unit in $(seq 41 50); do session "$rpm" "$unit" --benign temperature; done
    for unit in 51 52; do session "$rpm" "$unit" --benign wander; done
    "$python" -m detector train --sessions "$sessions/rpm_$rpm" --network lstm_ae \
        --set variant=folded --window 60 --smoothing 50 --device cpu \
        --unit acc_x=g --unit acc_y=g --unit acc_z=g --seed 7 --out "models/motor-${rpm}rpm"
done
