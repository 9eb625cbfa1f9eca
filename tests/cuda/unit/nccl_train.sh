#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train on two emulated GPUs, its gradients summed by the stand-in for NCCL: the model
# that sums by MPI give. TAP. S2V_MODULE_PATH has the emulated CUDA, NCCL the stand-in.
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../train/lib.sh"
need_mpi

"$S2V_LANDSCAPES" -n 8 -s 32 -o pictures >/dev/null 2>&1 || exit 99
"$S2V_SHARDS" stylegan2 --size 32 -o stills pictures -q || exit 99
train() {
    mpi -np 2 "$S2V_TRAIN" stylegan2 stills --size 32 --batch 4 --base 64 --max 8 --latent 16 \
        --mapping 2 --threads 1 --iterations 3 --device cuda -v "$@"
}
summary() { grep ' processes' err.txt; }

export LD_LIBRARY_PATH=$NCCL S2V_EMULATED_REPORT=1
train -o nccl.bin
is "two processes with NCCL" "$code" 0
is "its sums are said" "$(summary)" "2 processes, gradients summed by NCCL 2.28.9"
like "and made" "$(grep -c ': [1-9][0-9]* arrays summed' err.txt)" '^2$'
S2V_CUDA_NCCL=0 train -o mpi.bin
is "two processes without" "$code" 0
is "that is said" "$(summary)" "2 processes, gradients summed by MPI: S2V_CUDA_NCCL is 0"
is "and made" "$(grep -c 'arrays summed' err.txt)" 0
same "the same model" nccl.bin mpi.bin
same "and checkpoint" nccl.bin.ckpt mpi.bin.ckpt
finish
