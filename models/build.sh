#!/bin/sh
# Rebuilds the shipped bundles from simulated sessions of six motors of each type: `make models`.
# The same machine and library versions give the same bytes.
set -eu
python="${PYTHON:-python}"
sessions="$(mktemp -d)"
trap 'rm -rf "$sessions"' EXIT INT TERM

for rpm in 600 1200; do
    for unit in 1 2 3 4 5 6; do
        "$python" -m simulator generate --rpm "$rpm" --sessions 2 --minutes 10 \
            --seed "$unit" --out "$sessions/rpm_$rpm"
    done
    "$python" -m detector train --sessions "$sessions/rpm_$rpm" --network lstm_ae --window 60 \
        --smoothing 50 --unit acc_x=g --unit acc_y=g --unit acc_z=g --seed 7 --out "models/motor-${rpm}rpm"
done
