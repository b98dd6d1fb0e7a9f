#!/bin/sh
# Rebuilds the shipped bundles from simulated sessions: `make models`;
# `sh models/build.sh motor-600rpm` rebuilds one.
# The same library versions give the same bytes: every library is held to the instructions that
# all x86 processors have, since it picks its kernels, and with them the last bits, by processor.
# And to one thread, since sums of several may differ.
set -eu
export OMP_NUM_THREADS=1
export NPY_DISABLE_CPU_FEATURES=X86_V3,X86_V4,AVX512_ICL,AVX512_SPR OPENBLAS_CORETYPE=Nehalem
export ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 MKL_CBWR=COMPATIBLE
hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX_Usable,-AVX2_Usable,-FMA_Usable  # old names of glibc and new
export GLIBC_TUNABLES="glibc.cpu.hwcaps=$hwcaps"
python="${PYTHON:-python}"
sessions="$(mktemp -d)"
trap 'rm -rf "$sessions"' EXIT INT TERM

session() {  # FOLDER SEED MINUTES [OPTION ...]: one session of one motor
    folder="$sessions/$1"; unit="$2"; minutes="$3"; shift 3
    "$python" -m simulator generate --sessions 1 --minutes "$minutes" --seed "$unit" \
        --out "$folder" "$@"
}

train() {  # MODEL [OPTION ...]: of the sessions in the folder of that name
    model="$1"; shift
    "$python" -m detector train --sessions "$sessions/$model" --device cpu --seed 7 \
        --unit acc_x=g --unit acc_y=g --unit acc_z=g --out "models/$model" "$@"
    "$python" -m detector export-onnx --model "models/$model"
}

fixed_speed() {  # RPM: 74 motors that run at one speed
    model="motor-${1}rpm"
    for unit in $(seq 1 36); do session "$model" "$unit" 5 --rpm "$1"; done
    for unit in $(seq 61 96); do session "$model" "$unit" 10 --rpm "$1" --benign temperature; done
    for unit in 51 52; do session "$model" "$unit" 5 --rpm "$1" --benign wander; done
    train "$model" --network lstm_ae --set variant=folded --window 60 --smoothing 50
}

variable_speed() {  # 48 motors on inverters, 18 of which warm up; load and temperature are sent
    model=motor-variable
    for unit in $(seq 1 30); do session "$model" "$unit" 10 --preset motor-vs-1500; done
    for unit in $(seq 61 78); do
        session "$model" "$unit" 10 --preset motor-vs-1500 --benign temperature
    done
    train "$model" --features acc_x,acc_y,acc_z --front-end window \
        --conditions rpm,load,temp_c --network zscore
}

waveform() {  # 44 motors heard in bursts, 12 of which warm up and are heard for long
    model=motor-waveform
    for unit in $(seq 1 16); do
        session "$model" "$unit" 5 --preset motor-hf-600
        session "$model" $((unit + 100)) 5 --preset motor-hf-1200
    done
    for unit in $(seq 61 66); do
        session "$model" "$unit" 20 --preset motor-hf-600 --benign temperature
        session "$model" $((unit + 100)) 20 --preset motor-hf-1200 --benign temperature
    done
    train "$model" --features acc_x,acc_y,acc_z --front-end waveform --bearing 6205 --teeth 23 \
        --block 1 --hop 0.5 --window 1 --network pca
}

for model in ${*:-motor-600rpm motor-1200rpm motor-variable motor-waveform}; do
    case "$model" in
        motor-600rpm) fixed_speed 600 ;;
        motor-1200rpm) fixed_speed 1200 ;;
        motor-variable) variable_speed ;;
        motor-waveform) waveform ;;
        *) echo "$model: no such model, allowed: motor-600rpm, motor-1200rpm, motor-variable," \
            "motor-waveform" >&2; exit 2 ;;
    esac
done
