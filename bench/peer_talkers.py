# SPDX-License-Identifier: LGPL-2.1-or-later
"""Talking heads in other programs, on the same weights, to compare with.

    python3 bench/peer_talkers.py --weights talker.bin --threads 2
        [--dtype bf16] [--peers eager,compile,onnxruntime,openvino]
        [--s2v PATH/TO/s2v-bench] [--talk-program PATH/TO/talk]

One frame at a time, the predictor's five frames before carried over.  The
peers have the sound's features, the controls and the random numbers of each
frame beforehand, which s2v-bench makes: that favours the peers.

With --s2v, each round times s2v-bench and then the peer, the same number of
frames, and the ratio is of the two frame rates within a round: the median of
the rounds.

Outputs are compared before anything is timed; one that differs is an error.
Each peer's first frames are compared with those of the plain modules
(tests/reference/man.py) in f32: f32 at 80 dB or more of PSNR, bf16 at 20 dB
(random weights amplify rounding more than trained ones do).  With
--talk-program (docs/examples/talk.c) libs2v's own frames of a portrait and a
sound, 8-bit, are compared with the reference's, from its own features of that
sound: at 48 dB or more, half a step of 8 bits being 59.  Prints one JSON object
a peer; one that cannot run has "why".

The networks are peer_man.py's form of them; the settings are peers.py's.
"""

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import torch

import peer_man
import programs
import man
import man_sound
import peers

CHECKED = 5   # frames that are compared
WARM_UP = 10  # frames that do not count
TRIAL = 8     # frames of each setting, to choose one
FRAMES = 20   # that differ


class Flat(torch.nn.Module):
    """One frame, and the five that the next one has before it."""

    def __init__(self, model, layout="channels_last"):
        super().__init__()
        memory = getattr(torch, peers.LAYOUTS[layout])
        self.talker = peer_man.Talker(model.config)
        self.talker.load_state_dict(peer_man.fold(model))
        self.talker.to(memory_format=memory).requires_grad_(False)
        self.talker.memory = memory

    def forward(self, portrait, previous, features, controls, z):
        frame, _ = self.talker(portrait, previous, features, controls, z)
        small = peer_man.shrink(frame, previous.shape[-1])
        return frame, torch.cat([previous[:, 3:], small.to(previous.dtype)], 1)


# What the networks take.

def portrait_of(size):
    """A picture of waves: bytes [size, size, 3]."""
    y, x = np.mgrid[0:size, 0:size][:, :, :, None] / size
    wave = np.sin(9 * x + np.arange(3)) * np.cos(7 * y) + np.sin(40 * x * y)
    return np.clip(128 + 60 * wave, 0, 255).astype(np.uint8)


def picture(data):
    """Bytes as the networks take them: [1, 3, size, size] in [-1, 1]."""
    x = torch.from_numpy(data.copy()).permute(2, 0, 1)[None].float()
    return x / 127.5 - 1


def sound_of(frames):
    """A voice that glides, loud throughout."""
    t = np.arange(640 * frames) / man_sound.RATE
    phase = 2 * np.pi * (110 * t + 30 * np.sin(3 * t))
    voice = sum(np.sin(k * phase) / k for k in (1, 2, 3, 5))
    return (0.2 * (1.2 + np.sin(17 * t)) * voice).astype(np.float32)


def first_before(model, portrait):
    """The five frames before the first one."""
    small = man.area(portrait, model.config["geometry_size"])
    return small.repeat(1, man.FRAMES, 1, 1)


class Inputs:
    """Those of FRAMES frames, as a session might have them."""

    def __init__(self, model):
        config, generator = model.config, torch.Generator().manual_seed(5)
        self.portrait = picture(portrait_of(config["size"]))
        self.start = first_before(model, self.portrait)
        sound = sound_of(FRAMES)
        self.each = []
        for t in range(FRAMES):
            features = torch.from_numpy(man_sound.features(sound, t)).float()
            normal = [torch.randn(1, n, generator=generator)
                      for n in (man.CONTROLS, config["z"])]
            self.each.append((features[None], 0.1 * normal[0],
                              0.5 * normal[1]))

    def at(self, t):
        return self.each[t % FRAMES]


def plain_frames(model, portrait, before, inputs):
    """Frames of the plain modules, in f32."""
    frames = []
    with torch.no_grad():
        for features, controls, z in inputs:
            geometry = model.predict(portrait, before, features, controls, z)
            frame, _ = model.generate(portrait, geometry, features)
            small = man.area(frame, before.shape[-1])
            before = torch.cat([before[:, 3:], small], 1)
            frames.append(frame)
    return torch.cat(frames)


# Checking.

def check_s2v(model, arguments):
    """libs2v's frames of a portrait and a sound beside the reference's: the
    PSNR, and the largest difference in steps of 8 bits."""
    size, data = model.config["size"], portrait_of(model.config["size"])
    sound = sound_of(CHECKED)
    side = str(size)
    said = subprocess.run(
        [arguments.talk_program, arguments.weights, side, side,
         "crop=0:0:%d:%d" % (size, size), "blink=0", "still=1", "z=0",
         "level=off"], input=data.tobytes() + sound.tobytes(), check=True,
        env=programs.free_environment(), stdout=subprocess.PIPE)
    own = np.frombuffer(said.stdout, np.uint8).reshape(CHECKED, size, size, 3)
    rows = [torch.from_numpy(man_sound.features(sound, t)).float()[None]
            for t in range(CHECKED)]
    nothing = (torch.zeros(1, man.CONTROLS), torch.zeros(1, model.config["z"]))
    portrait = picture(data)
    right = plain_frames(model, portrait, first_before(model, portrait),
                         [(row, *nothing) for row in rows])
    right = ((right.permute(0, 2, 3, 1) + 1) * 127.5).clamp(0, 255).round()
    own = torch.from_numpy(own.copy()).float()
    psnr = programs.psnr_of(own, right, 255)
    if not psnr >= 48:
        raise SystemExit("s2v differs from the reference: PSNR %.1f dB, "
                         "expected 48" % psnr)
    return psnr, (own - right).abs().max().item()


def check(run, right, inputs, arguments):
    """The PSNR of the first frames and their largest difference, of a range of
    2, or an error."""
    state, frames = inputs.start, []
    for t in range(CHECKED):
        frame, state = run(inputs.portrait, state, *inputs.at(t))
        frames.append(torch.as_tensor(frame).float())
    frames = torch.cat(frames)
    psnr = programs.psnr_of(frames, right, 2)
    least = 80 if arguments.dtype == "f32" else 20
    if not psnr >= least:
        raise RuntimeError("its frames differ: PSNR %.1f dB to the reference, "
                           "expected %d" % (psnr, least))
    return psnr, (frames - right).abs().max().item()


# Measuring.

def make(peer, model, setting, inputs, arguments):
    """The call of a peer, and its version."""
    if peer in ("eager", "compile"):
        layout = setting
        maker = getattr(programs, "make_" + peer)
        flat = Flat(model, layout).eval()
        return maker(programs.packed(flat, arguments.dtype), arguments.dtype)
    form, how = setting.split(", ")
    peer_man.norm = (peer_man.instance_norm if form == "instance norm"
                     else peer_man.group_norm)
    path = programs.export(Flat(model, "contiguous").eval(),
                           [inputs.portrait, inputs.start, *inputs.at(0)])
    peer_man.norm = peer_man.group_norm
    if peer == "onnxruntime":
        return programs.make_onnxruntime(path, how == "spinning",
                                         arguments.threads)
    return programs.make_openvino(path, how == "pinned", arguments.threads,
                                  arguments.dtype)


def time_frames(run, inputs, count):
    """Milliseconds of each frame that counts."""
    state, times = inputs.start, []
    for t in range(WARM_UP + count):
        begin = time.perf_counter()
        _, state = run(inputs.portrait, state, *inputs.at(t))
        times.append((time.perf_counter() - begin) * 1e3)
    return times[WARM_UP:]


def choose(peer, model, inputs, arguments):
    """The fastest setting, and the call for it."""
    best = None
    for setting in peers.SETTINGS[peer]:
        run, version = make(peer, model, setting, inputs, arguments)
        took = sum(time_frames(run, inputs, TRIAL))
        if best is None or took < best[0]:
            best = took, setting, run, version
    return best[1:]


def measure(peer, model, right, inputs, arguments):
    """One peer's row."""
    setting, run, version = choose(peer, model, inputs, arguments)
    psnr, most = check(run, right, inputs, arguments)
    return {"version": version, "setting": programs.limited(setting),
            "psnr_to_reference": round(psnr, 1) if psnr < math.inf else None,
            "largest_difference": float("%.2g" % most),
            **programs.time_in_turns(
                arguments, lambda: time_frames(run, inputs, arguments.frames))}


def main():
    """Checks, measures, and prints the rows."""
    parser = programs.parser_of(__doc__, peers.MAKERS)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--talk-program")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = peer_man.read(arguments.weights)
    inputs = Inputs(model)
    right = plain_frames(model, inputs.portrait, inputs.start,
                         [inputs.at(t) for t in range(CHECKED)])
    own = check_s2v(model, arguments) if arguments.talk_program else None
    for peer in arguments.peers.split(","):
        row = {"peer": peer, "model": os.path.basename(arguments.weights),
               "dtype": arguments.dtype, "threads": arguments.threads,
               **programs.row_of(
                   peer, arguments.dtype,
                   lambda: measure(peer, model, right, inputs, arguments))}
        if own:
            row["s2v_psnr_to_reference"] = round(own[0], 1)
            row["s2v_largest_difference"] = own[1]
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
