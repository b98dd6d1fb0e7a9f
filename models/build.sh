#!/bin/sh
# Rebuilds the shipped bundles from simulated sessions of 74 motors of each type: `make models`;
# `sh models/build.sh 600` rebuilds one.
# The same machine and library versions give the same bytes.
set -eu
python="${PYTHON:-python}"
sessions="$(mktemp -d)"
trap 'rm -rf "$sessions"' EXIT INT TERM

session() {  # RPM SEED MINUTES [OPTION ...]: one session of one motor
    rpm="$1"; unit="$2"; minutes="$3"; shift 3
    "$python" -m simulator generate --rpm "$rpm" --sessions 1 --minutes "$minutes" --seed "$unit" \
        --out "$sessions/rpm_$rpm" "$@"
}

for rpm in ${*:-600 1200}; do
    for unit in $(seq 1 36); do session "$rpm" "$unit" 5; done
    for unit in $(seq 61 96); do session "$rpm" "$unit" 10 --benign temperature; done
    for unit in 51 52; do session "$rpm" "$unit" 5 --benign wander; done
    "$python" -m detector train --sessions "$sessions/rpm_$rpm" --network lstm_ae \
        --set variant=folded --window 60 --smoothing 50 --device cpu \
        --unit acc_x=g --unit acc_y=g --unit acc_z=g --seed 7 --out "models/motor-${rpm}rpm"
done
