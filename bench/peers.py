# SPDX-License-Identifier: LGPL-2.1-or-later
"""Listen and Move in other programs, on the same weights, to compare with.

    python3 bench/peers.py --weights quintet.bin --threads 2 [--dtype bf16]
        [--peers eager,compile,onnxruntime,openvino] [--s2v PATH/TO/s2v-bench]
        [--frames-program PATH/TO/frames]

One frame at a time with the states carried over, as s2v-bench has it. Noise is
made outside the clock, which s2v-bench counts: that favours the peers.

With --s2v, each round times s2v-bench and then the peer, the same number of
frames, and the ratio is of the two frame rates within a round: the median of
the rounds.

Outputs are compared before anything is timed; one that differs is an error.
Each peer's first frames are compared with those of the reference form
(tests/reference) in f32: f32 at 80 dB or more of PSNR, bf16 at 30 dB. With
--frames-program (docs/examples/frames.c) libs2v's own frames of a sound, 8-bit,
are compared with the reference's, from its own features of that sound: at 48
dB or more, half a step of 8 bits being 59. Prints one JSON object a peer; one
that cannot run has "why".

The network is peer_torch.py's form of it. Settings, the best found; of those
in brackets a short trial takes the fastest, which the row names:

eager        inference mode; bf16: autocast [memory layout]
compile      torch.compile(fullgraph), frozen: weights packed once; channels
             last; bf16: autocast
onnxruntime  all graph optimisations, N threads within an op, one op at a time;
             it has no bf16 on x86 [spinning; the norm's op]
openvino     the LATENCY hint, one stream, N threads, f32 or bf16 [threads
             pinned to processors; the norm's op]
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils import _pytree as pytree

import peer_torch
import programs
import listen_and_move as lm
import lms

CHECKED = 6   # frames that are compared
WARM_UP = 10  # frames that do not count
TRIAL = 8     # frames of each setting, to choose one
LAYOUTS = {"channels_last": "channels_last", "contiguous": "contiguous_format"}


class Flat(torch.nn.Module):
    """One frame: tensors in, tensors out; the first result is the frame."""

    def __init__(self, model, layout="channels_last"):
        super().__init__()
        self.model = model
        model.g.to(memory_format=getattr(torch, LAYOUTS[layout]))
        self.network = peer_torch.Eager(model, layout)
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


# Each makes a function: inputs of a frame, states -> frame, states; and says
# the version. `setting` is one of SETTINGS'.

def stepping(call, version):
    """The function, of one from arrays to arrays."""
    def run(inputs, state):
        frame, *state = call(*inputs, *state)
        return frame, state
    return run, version


def make_eager(model, example, setting, arguments):
    """PyTorch as it stands."""
    flat = Flat(programs.packed(model, arguments.dtype), setting).eval()
    return stepping(*programs.make_eager(flat, arguments.dtype))


def make_compile(model, example, setting, arguments):
    """torch.compile."""
    flat = Flat(programs.packed(model, arguments.dtype), setting).eval()
    return stepping(*programs.make_compile(flat, arguments.dtype))


def instance_norm(module, x, f):
    """peer_torch.norm() by the op that exporters know as it is."""
    if isinstance(module, lm.InstanceNorm):
        return F.instance_norm(x, weight=module.weight, bias=module.bias,
                               eps=lm.EPSILON)
    gamma = lm.leaky(module.gamma(f))[:, :, None, None]
    beta = lm.leaky(module.beta(f))[:, :, None, None]
    return torch.addcmul(beta, F.instance_norm(x, eps=lm.EPSILON), gamma)


def export(model, example, norm):
    """The network as an ONNX file; its path."""
    before = peer_torch.norm
    if norm == "instance norm":
        peer_torch.norm = instance_norm
    path = programs.export(Flat(model, "contiguous").eval(), example)
    peer_torch.norm = before
    return path


def make_onnxruntime(model, example, setting, arguments):
    """ONNX Runtime."""
    norm, spinning = setting.split(", ")
    return stepping(*programs.make_onnxruntime(
        export(model, example, norm), spinning == "spinning",
        arguments.threads))


def make_openvino(model, example, setting, arguments):
    """OpenVINO."""
    norm, pinned = setting.split(", ")
    return stepping(*programs.make_openvino(
        export(model, example, norm), pinned == "pinned", arguments.threads,
        arguments.dtype))


MAKERS = {"eager": make_eager, "compile": make_compile,
          "onnxruntime": make_onnxruntime, "openvino": make_openvino}
SETTINGS = {
    "eager": ("channels_last", "contiguous"),
    "compile": ("channels_last",),
    "onnxruntime": ("instance norm, spinning", "instance norm, no spinning",
                    "group norm, spinning"),
    "openvino": ("instance norm, pinned", "instance norm, not pinned",
                 "group norm, pinned"),
}


def reference_frames(model, features=None, seed=5):
    """The first frames, of the plain module."""
    state, frames = model.initial_state(), []
    with torch.no_grad():
        for t in range(CHECKED):
            f = lm.sound_features(model.config, t, 77)
            if features is not None:
                f = features[t:t + 1].astype(np.float32)
            e, planes = peer_torch.philox_inputs(model.config, t, seed)
            frame, state = model(torch.from_numpy(f).float(), e, planes, state)
            frames.append(frame.float())
    return torch.cat(frames)


def check_s2v(model, arguments):
    """libs2v's frames of a sound beside the reference's: the PSNR."""
    t = np.arange(CHECKED * 800) / 16000
    sound = (0.3 * np.sin(2764.6 * t) * np.sin(9 * t) +
             0.2 * np.sin(5529.2 * t) * np.sin(7 * t)).astype(np.float32)
    size = model.config["size"]
    raw = subprocess.run([arguments.frames_program, arguments.weights],
                         input=sound.tobytes(), check=True,
                         env=programs.free_environment(),
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    own = np.frombuffer(raw.stdout, np.uint8).reshape(CHECKED, size, size, 3)
    right = reference_frames(model, lms.features(sound.astype(np.float64)), 0)
    bytes_ = ((right.permute(0, 2, 3, 1) + 1) * 127.5).clamp(0, 255)
    psnr = programs.psnr_of(torch.from_numpy(own.copy()), bytes_.round(), 255)
    if not psnr >= 48:
        raise RuntimeError("s2v differs from the reference: PSNR %.1f dB, "
                           "expected 48" % psnr)
    return psnr


def start_of(model):
    """The first states, in the order that run() takes."""
    return pytree.tree_flatten(model.initial_state())[0]


def check(run, model, right, arguments):
    """The PSNR of the first frames, of a range of 2, or an error."""
    state, frames = start_of(model), []
    for t in range(CHECKED):
        frame, state = run(inputs_of(model.config, t), state)
        frames.append(torch.as_tensor(frame).float())
    psnr = programs.psnr_of(torch.cat(frames), right, 2)
    least = 80 if arguments.dtype == "f32" else 30
    if not psnr >= least:
        raise RuntimeError("its frames differ: PSNR %.1f dB to the reference, "
                           "expected %d" % (psnr, least))
    return psnr


def time_frames(run, model, count):
    """Milliseconds of each frame that counts."""
    frames = [inputs_of(model.config, t) for t in range(20)]
    state, times = start_of(model), []
    for t in range(WARM_UP + count):
        begin = time.perf_counter()
        _, state = run(frames[t % len(frames)], state)
        times.append((time.perf_counter() - begin) * 1e3)
    return times[WARM_UP:]


def choose(name, model, arguments):
    """The fastest setting."""
    if len(SETTINGS[name]) == 1:
        return SETTINGS[name][0]

    def ms(setting):
        example = [*inputs_of(model.config, 0), *start_of(model)]
        run, _ = MAKERS[name](model, example, setting, arguments)
        return statistics.median(time_frames(run, model, TRIAL))
    return min(SETTINGS[name], key=ms)


def measure(name, model, right, arguments):
    """One peer's row."""
    example = [*inputs_of(model.config, 0), *start_of(model)]
    setting = choose(name, model, arguments)
    run, version = MAKERS[name](model, example, setting, arguments)
    psnr = check(run, model, right, arguments)
    return {"version": version, "setting": programs.limited(setting),
            "psnr_to_reference": round(psnr, 1) if psnr < math.inf else None,
            **programs.time_in_turns(
                arguments, lambda: time_frames(run, model, arguments.frames))}


def main():
    parser = programs.parser_of(__doc__, MAKERS)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--frames-program")
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
    own = check_s2v(model, arguments) if arguments.frames_program else None
    for name in arguments.peers.split(","):
        row = {"peer": name, "size": model.config["size"],
               "dtype": arguments.dtype, "threads": arguments.threads,
               **programs.row_of(
                   name, arguments.dtype,
                   lambda: measure(name, model, right, arguments))}
        if own:
            row["s2v_psnr_to_reference"] = round(own, 1)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
