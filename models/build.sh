#!/bin/sh
# Rebuilds the shipped bundles from simulated sessions of 36 motors of each type: `make models`.
# The same machine and library versions give the same bytes.
set -eu
python="${PYTHON:-python}"
sessions="$(mktemp -d)"
trap 'rm -rf "$sessions"' EXIT INT TERM

for rpm in 600 1200; do
    unit=0
    while [ "$unit" -lt 36 ]; do
        unit=$((unit + 1))
        "$python" -m simulator generate --rpm "$rpm" --sessions 1 --minutes 5 \
            --seed "$unit" --out "$sessions/rpm_$rpm"
    done
    "$python" -m detector train --sessions "$sessions/rpm_$rpm" --network lstm_ae --set variant=folded \
        --window 60 --smoothing 50 --device cpu --unit acc_x=g --unit acc_y=g --unit acc_z=g --seed 7 --out "models/motor-${rpm}rpm"
done
