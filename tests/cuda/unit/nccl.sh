#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two processes, each with an emulated GPU, whose gradients the stand-in for NCCL sums; and
# what is said where it cannot. TAP. TEST_NCCL is test_nccl.c, S2V_MODULE_PATH has the
# emulated CUDA, NCCL the stand-in, TRUE_NCCL the library.
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../train/lib.sh"
need_mpi
processes() { mpi -np 2 "$TEST_NCCL" "$@" && cat out.txt; }

export LD_LIBRARY_PATH=$NCCL S2V_EMULATED_REPORT=1
processes
is "the weights that sums by MPI give" "$(sed -n 's/^weights: //p' out.txt)" "the same"
is "by" "$(sed -n 's/^by: //p' out.txt)" "NCCL 2.28.9"
# A matrix and a bias of each of three layers, three iterations.
is "each gradient, each time" "$(grep -c ': 18 arrays summed$' err.txt)" 2

S2V_CUDA_NCCL=0 processes
is "not wanted: by MPI" "$(sed -n 's/^by: //p' out.txt)" "MPI, S2V_CUDA_NCCL is 0"
mkdir bad && touch bad/libnccl.so.2
LD_LIBRARY_PATH=$PWD/bad processes
like "none that can be loaded: by MPI" "$(sed -n 's/^by: //p' out.txt)" '^MPI, .*libnccl.so.2: file too short'
processes cuda:1
is "one GPU for two" "$(sed -n 's/^refused: //p' out.txt)" "NCCL could not start: invalid usage (each process needs \
a GPU of its own; the environment variable NCCL_DEBUG=WARN has it say why)"

# The true one has all functions; it asks for GPUs, which are not here.
if [ -e "$TRUE_NCCL/libnccl.so.2" ]; then
    LD_LIBRARY_PATH=$TRUE_NCCL processes
    like "the true NCCL" "$(sed -n 's/^refused: //p' out.txt)" 'NCCL could not start: unhandled cuda error'
else
    skip "the true NCCL" "there is no $TRUE_NCCL/libnccl.so.2"
fi
finish
