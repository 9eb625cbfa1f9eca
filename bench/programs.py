# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs that run networks, as functions: arrays in, arrays out.

Each maker returns (call, version), where call(*inputs) gives the list of the
network's results: tensors of PyTorch, or arrays.  Imported when asked for, so
that one that is not installed is missed by nobody else.
"""

import argparse
import copy
import json
import math
import os
import statistics
import subprocess
import tempfile
import traceback
import warnings

import torch

ROUNDS = 3


def packed(module, dtype):
    """The module; for bf16 with weights in bf16, which autocast would else
    convert again for each call."""
    if dtype == "f32":
        return module
    module = copy.deepcopy(module)
    for parameter in module.parameters():
        if parameter.dim() > 1:
            parameter.data = parameter.data.bfloat16()
    return module


def call_torch(module, without_gradients, dtype):
    """A PyTorch module, by autocast where bf16 is asked for."""
    def call(*inputs):
        with without_gradients(), torch.autocast(
                "cpu", torch.bfloat16, enabled=dtype == "bf16"):
            out = module(*inputs)
        return list(out) if isinstance(out, tuple) else [out]
    return call, torch.__version__


def make_eager(module, dtype):
    """PyTorch as it stands."""
    return call_torch(module, torch.inference_mode, dtype)


def make_compile(module, dtype):
    """torch.compile, the weights packed once."""
    import torch._inductor.config as inductor
    inductor.freezing = True
    torch._dynamo.config.allow_rnn = True  # LSTMs, as it recommends
    return call_torch(torch.compile(module, fullgraph=True), torch.no_grad,
                      dtype)


def export(module, example):
    """The module as an ONNX file; its path."""
    path = os.path.join(tempfile.mkdtemp(), "network.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, tuple(example), path, opset_version=17,
                          dynamo=False)
    return path


def arrays(inputs):
    """NumPy's form of all."""
    return [x if hasattr(x, "__array_interface__") else x.numpy()
            for x in inputs]


def make_onnxruntime(path, spinning, threads):
    """ONNX Runtime, the CPU provider: all optimisations, one op at a time."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = (
        ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    options.add_session_config_entry("session.intra_op.allow_spinning",
                                     "1" if spinning else "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = ort.InferenceSession(path, options, ["CPUExecutionProvider"])
    names = [x.name for x in session.get_inputs()]

    def call(*inputs):
        return session.run(None, dict(zip(names, arrays(inputs))))
    return call, ort.__version__


def make_openvino(path, pinned, threads, dtype):
    """OpenVINO's CPU plugin: the LATENCY hint, one stream."""
    import openvino as ov
    settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1",
                "INFERENCE_NUM_THREADS": str(threads),
                "ENABLE_CPU_PINNING": "YES" if pinned else "NO",
                "INFERENCE_PRECISION_HINT": dtype}
    compiled = ov.Core().compile_model(ov.convert_model(path), "CPU", settings)
    request = compiled.create_infer_request()

    def call(*inputs):
        results = request.infer(arrays(inputs), share_inputs=True)
        return [results[i].copy() for i in range(len(compiled.outputs))]
    return call, ov.__version__.split("-")[0]


def free_environment():
    """Without the limit that a peer may need: it is s2v's, too."""
    return {key: value for key, value in os.environ.items()
            if key != "ONEDNN_MAX_CPU_ISA"}


def limited(setting):
    """The setting, and the limit to the instruction set that holds."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    return setting + ", no wider than " + limit if limit else setting


def parser_of(about, peers):
    """The options that every comparison has; `about` is its help."""
    parser = argparse.ArgumentParser(
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dtype", default="f32", choices=("f32", "bf16"))
    parser.add_argument("--peers", default=",".join(peers))
    parser.add_argument("--s2v")
    return parser


def measure_s2v(arguments, frames):
    """s2v-bench's row for the same model, dtype and threads."""
    words = [arguments.s2v, "--json", "--no-floor", "--dtype", arguments.dtype,
             "--threads", str(arguments.threads), "--frames", str(frames),
             arguments.weights]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE,
                          env=free_environment())
    return json.loads(said.stdout)


def psnr_of(a, b, span):
    """Decibels; infinite for the same."""
    error = torch.mean((a.double() - b.double()) ** 2).item()
    return 10 * math.log10(span * span / error) if error > 0 else math.inf


def time_in_turns(arguments, time_frames, rounds=ROUNDS):
    """s2v-bench and the peer, whose time_frames() gives milliseconds of each
    frame, in turns: the figures of a row."""
    all_times, own, ratios = [], [], []
    for _ in range(rounds):
        if arguments.s2v:
            own.append(measure_s2v(arguments, arguments.frames)["fps"])
        times = time_frames()
        if own:
            ratios.append(own[-1] * sum(times) / len(times) / 1e3)
        all_times += times
    all_times.sort()
    row = {"fps": round(1e3 * len(all_times) / sum(all_times), 2),
           "ms_median": round(statistics.median(all_times), 3),
           "ms_p99": round(all_times[math.ceil(0.99 * len(all_times)) - 1], 3)}
    if own:
        row["s2v_fps"] = round(statistics.median(own), 2)
        row["ratio"] = round(statistics.median(ratios), 3)
    return row


def row_of(peer, dtype, measure):
    """What measure() gives: the row of a peer, or of why there is none."""
    if peer == "onnxruntime" and dtype == "bf16":
        return {"why": "its CPU provider has no bf16 for these ops"}
    try:
        return measure()
    except Exception as error:  # whatever a peer raises: the others go on
        traceback.print_exc()
        lines = str(error).strip().split("\n")
        return {"why": "%s: %s" % (type(error).__name__, lines[0][:200])}
