# SPDX-License-Identifier: LGPL-2.1-or-later
"""Listen and Move in other programs, on the same weights, to compare with.

    python3 bench/peers.py --weights quintet.bin --threads 2 [--dtype bf16]
                           [--peers eager,compile,onnxruntime,openvino]

One frame at a time with the states carried over, as s2v-bench has it. Noise is
made outside the clock, which s2v-bench counts: that favours the peers. Each
peer's first frames are compared with those of the reference form
(tests/reference), which libs2v's goldens come from, before it is timed: a
peer that differs is an error. Prints one JSON object for each.

The network is peer_torch.py's form of it. Settings, the best found:

eager        channels last; inference mode; bf16: autocast
compile      the same, torch.compile(fullgraph, mode="max-autotune-no-cudagraphs")
onnxruntime  all graph optimisations, N threads within an op, one op at a time,
             no spinning; it has no bf16 on x86
openvino     the LATENCY hint, one stream, N threads, f32 or bf16
"""

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time

import torch
from torch.utils import _pytree as pytree

import peer_torch
import listen_and_move as lm

CHECKED = 6   # frames that are compared
WARM_UP = 10  # frames that do not count


class Flat(torch.nn.Module):
    """One frame: tensors in, tensors out; the first result is the frame."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        model.g.to(memory_format=torch.channels_last)
        self.network = peer_torch.Eager(model, "channels_last")
        start = model.initial_state()
        self.start, self.spec = pytree.tree_flatten(start)

    def forward(self, f, e, *rest):
        n = 2 * lm.layer_count(self.model.config)
        planes = [None] * (n // 2)
        if self.model.config["noise"]:
            planes = [rest[i:i + 2] for i in range(0, n, 2)]
            rest = rest[n:]
        state = pytree.tree_unflatten(list(rest), self.spec)
        frame, state = self.network(f, e, planes, state)
        return (frame, *pytree.tree_flatten(state)[0])


def inputs_of(config, frame):
    """What a frame takes beside the states: f, e and the planes."""
    f = torch.from_numpy(lm.sound_features(config, frame, 77)).float()
    e, planes = peer_torch.philox_inputs(config, frame, 5)
    flat = [plane for pair in planes if pair is not None for plane in pair]
    return [x.float() for x in (f, e, *flat)]


# Each makes a function: inputs of a frame, states -> frame, states.

def make_eager(flat, example, arguments):
    """PyTorch as it stands."""
    def run(inputs, state):
        with torch.inference_mode(), torch.autocast(
                "cpu", torch.bfloat16, enabled=arguments.dtype == "bf16"):
            frame, *state = flat(*inputs, *state)
        return frame, state
    return run, torch.__version__


def make_compile(flat, example, arguments):
    """torch.compile."""
    compiled = torch.compile(flat, fullgraph=True,
                             mode="max-autotune-no-cudagraphs")
    return make_eager(compiled, example, arguments)


def export(flat, example):
    """The network as an ONNX file; its path."""
    path = os.path.join(tempfile.mkdtemp(), "network.onnx")
    torch.onnx.export(flat, tuple(example), path, opset_version=17,
                      dynamo=False)
    return path


def make_onnxruntime(flat, example, arguments):
    """ONNX Runtime, the CPU provider."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = (
        ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = ort.InferenceSession(export(flat, example), options,
                                   ["CPUExecutionProvider"])
    names = [x.name for x in session.get_inputs()]

    def run(inputs, state):
        given = [x if hasattr(x, "__array_interface__") else x.numpy()
                 for x in (*inputs, *state)]
        frame, *state = session.run(None, dict(zip(names, given)))
        return frame, state
    return run, ort.__version__


def make_openvino(flat, example, arguments):
    """OpenVINO's CPU plugin."""
    import openvino as ov
    settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1",
                "INFERENCE_NUM_THREADS": str(arguments.threads),
                "INFERENCE_PRECISION_HINT": arguments.dtype}
    compiled = ov.Core().compile_model(
        ov.convert_model(export(flat, example)), "CPU", settings)

    def run(inputs, state):
        given = [x if hasattr(x, "__array_interface__") else x.numpy()
                 for x in (*inputs, *state)]
        results = compiled(given)
        frame, *state = (results[i].copy()
                         for i in range(len(compiled.outputs)))
        return frame, state
    return run, ov.__version__


MAKERS = {"eager": make_eager, "compile": make_compile,
          "onnxruntime": make_onnxruntime, "openvino": make_openvino}


def reference_frames(model):
    """The first frames, of the plain module."""
    state, frames = model.initial_state(), []
    with torch.no_grad():
        for t in range(CHECKED):
            f = torch.from_numpy(
                lm.sound_features(model.config, t, 77)).float()
            e, planes = peer_torch.philox_inputs(model.config, t, 5)
            frame, state = model(f, e, planes, state)
            frames.append(frame.float())
    return torch.cat(frames)


def check(run, flat, right, arguments):
    """The PSNR of the first frames, of a range of 2, or an error."""
    state, frames = flat.start, []
    for t in range(CHECKED):
        frame, state = run(inputs_of(flat.model.config, t), state)
        frames.append(torch.as_tensor(frame).float())
    error = torch.mean((torch.cat(frames) - right) ** 2).item()
    psnr = 10 * math.log10(4 / error) if error > 0 else math.inf
    least = 80 if arguments.dtype == "f32" else 30
    if not psnr >= least:
        raise SystemExit("PSNR %.1f dB to the reference, expected %d" %
                         (psnr, least))
    return psnr


def time_frames(run, flat, arguments):
    """Milliseconds of each frame that counts."""
    frames = [inputs_of(flat.model.config, t) for t in range(20)]
    state, times = flat.start, []
    for t in range(WARM_UP + arguments.frames):
        begin = time.perf_counter()
        _, state = run(frames[t % len(frames)], state)
        times.append((time.perf_counter() - begin) * 1e3)
    return times[WARM_UP:]


def measure(name, model, right, arguments):
    """One peer's row."""
    flat = Flat(model).eval()
    example = [*inputs_of(model.config, 0), *flat.start]
    run, version = MAKERS[name](flat, example, arguments)
    psnr = check(run, flat, right, arguments)
    times = sorted(time_frames(run, flat, arguments))
    median = statistics.median(times)
    return {"peer": name, "version": version, "size": model.config["size"],
            "dtype": arguments.dtype, "threads": arguments.threads,
            "fps": round(1e3 * len(times) / sum(times), 2),
            "ms_median": round(median, 3),
            "ms_p99": round(times[math.ceil(0.99 * len(times)) - 1], 3),
            "psnr_to_reference": round(psnr, 1) if psnr < math.inf else None}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dtype", default="f32", choices=("f32", "bf16"))
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--peers", default=",".join(MAKERS))
    arguments = parser.parse_args()
    arguments.config = None
    arguments.train = False
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = peer_torch.build(arguments)
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    right = reference_frames(model)
    for name in arguments.peers.split(","):
        if name == "onnxruntime" and arguments.dtype == "bf16":
            continue
        print(json.dumps(measure(name, model, right, arguments)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
