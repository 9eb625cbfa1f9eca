# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sound for pictures in other programs, on the same weights, to compare with.

    python3 bench/peer_foley.py --weights foley.bin --threads 2 [--dtype bf16]
        [--peers eager,compile,onnxruntime,openvino] [--s2v PATH/TO/s2v-bench]
        --sound-program PATH/TO/sound

A film of --seconds, its sound from its pictures alone, in the same windows and
cross-fades as libs2v's (core/session/foley.h).  The peers have the pictures
already at the networks' size and rate, as floats, which s2v-bench makes of
256x256 at 25 a second; they see a window's pictures at once, and may run the
vocoder over more of the mel at a time: that favours the peers.

With --s2v, each round times s2v-bench and then the peer; the ratio is of the
two times within a round: the median of the rounds.

Sounds are compared before anything is timed: libs2v's of a film that moves, by
--sound-program (docs/examples/sound.c), and each peer's, with that of the
plain PyTorch modules (tests/reference) in f32.  f32: the signal 60 dB above
the difference or more, bf16: 10 dB.  Prints one JSON object a peer; one that
cannot run has "why".

The settings are peers.py's, ONNX Runtime spinning and OpenVINO pinned; a short
trial takes the fastest number of columns for the vocoder, which the row names.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "reference"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import hifigan  # noqa: E402
import programs  # noqa: E402
import tensorfile  # noqa: E402
import varietysound  # noqa: E402

WINDOW = 215  # features, where the file does not say
RATE = 11025 / 512  # features a second
CHECKED = 230  # pictures of the film that is compared: two windows
ROUNDS = 3
PEERS = ("eager", "compile", "onnxruntime", "openvino")
BANDS, RATIO, HOP = 80, 4, 256
INNERMOST = 4
REACH = 32  # columns on either side that a sample may depend on
COLUMNS = (128, 688)  # of the vocoder at a time: libs2v's, and all of a window


class Sight(nn.Module):
    """core/models/visual_encoder.h: [K + 1, 3, N, N] in [-1, 1] -> [1, F, K]."""

    def __init__(self, config, features):
        super().__init__()
        layers = int(math.log2(config["size"] // INNERMOST))
        widths = [6] + [config["channels"] * min(1 << i, 8)
                        for i in range(layers)]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1)
            for a, b in zip(widths, widths[1:]))
        self.linear = nn.Linear(INNERMOST ** 2 * widths[-1], features)

    def forward(self, pictures):
        now = pictures[1:]
        x = torch.cat([0.125 * now, 4 * (now - pictures[:-1])], dim=1)
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        x = self.linear(x.permute(0, 2, 3, 1).flatten(1))
        return x.t()[None]


class Mel(nn.Module):
    """A window: [1, F, K] -> [1, 80, 4 K] within [0, 1], in the mean timbre
    and without a background."""

    def __init__(self, config, length):
        super().__init__()
        self.temporal = varietysound.TemporalEncoder(config)
        self.background = varietysound.BackgroundEncoder(config)
        self.decoder = varietysound.MelDecoder(config)
        self.register_buffer("mean", torch.zeros(2 * config["acoustic_lstm"]))
        self.register_buffer("still", torch.zeros(0), persistent=False)
        self.length = length

    def fold(self):
        """What is the same in all windows, once."""
        with torch.no_grad():
            none = torch.zeros(1, BANDS, RATIO * self.length)
            held = torch.cat([self.mean[None], self.background(none)], dim=1)
            self.still = held[:, :, None].expand(-1, -1, self.length).clone()

    def forward(self, features):
        x = torch.cat([self.temporal(features), self.still], dim=1)
        return self.decoder(x, lambda x, _: x).clamp(0, 1)


def numbered(module):
    """The module; padding "same", which ONNX Runtime refuses beside dilation,
    as numbers."""
    for part in module.modules():
        if isinstance(part, nn.Conv1d) and part.padding == "same":
            reach = part.dilation[0] * (part.kernel_size[0] - 1)
            part.padding = (reach // 2,)
    return module


def vocoder(config):
    """The reference's module, of a file's configuration."""
    for version, known in hifigan.VERSIONS.items():
        if ([r for r, _ in known["ups"]] == config["rates"] and
                known["resblock"] == config["resblock"]):
            return numbered(hifigan.Generator(version, config["channels"]))
    raise SystemExit("the vocoder is none of HiFi-GAN's three versions")


def load(module, tensors, prefix):
    """All parameters of a module, from the file."""
    state = {}
    for name, value in module.state_dict().items():
        if not value.is_floating_point():
            continue
        key = "timbre.mean" if name == "mean" else prefix + name
        state[name] = torch.from_numpy(tensors[key]).view_as(value)
    module.load_state_dict(state, strict=False)
    return module.eval().requires_grad_(False)


class Networks:
    """The three modules of a file, and its windows."""

    def __init__(self, path):
        tensors, metadata = tensorfile.read(path)
        config = json.loads(metadata["s2v.config"])
        generator = {**varietysound.DEFAULTS, **config["generator"]}
        self.length = int(metadata.get("s2v.window", WINDOW))
        self.fade = self.length // 5
        self.hop = self.length - self.fade
        front_end = config["sight"].get("front_end", "pictures")
        if front_end != "pictures":
            raise SystemExit(f"{path}: its front-end is {front_end}: expected "
                             "pictures, which alone is implemented here")
        self.size = config["sight"]["size"]
        self.sight = load(Sight(config["sight"], generator["features"]),
                          tensors, "sight.")
        self.mel = load(Mel(generator, self.length), tensors, "")
        self.mel.fold()
        self.voice = load(vocoder(config["vocoder"]), tensors, "")

    def examples(self, columns):
        """Inputs of the three, as they will be."""
        n = self.size
        features = self.mel.temporal.convs[0].in_channels
        return (torch.zeros(self.length + 1, 3, n, n),
                torch.zeros(1, features, self.length),
                torch.zeros(1, BANDS, columns + 2 * REACH))


def film(size, count):
    """Blobs that wander: bytes [count, size, size, 3]."""
    t = np.arange(count)[:, None, None, None] / RATE
    y, x = np.mgrid[0:size, 0:size][:, None, :, :, None] / size
    c = np.arange(3)
    wave = (np.sin(7 * x + 9 * t + c) * np.cos(5 * y - 13 * t + 2 * c) +
            np.sin(40 * t * x) * np.cos(31 * t))
    return np.clip(128 + 60 * wave, 0, 255).astype(np.uint8)


def floats(pictures):
    """As the networks take them: [count, 3, N, N] in [-1, 1]."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    return (x / 127.5 - 1).contiguous()


def window_of(pictures, begin, length):
    """Pictures begin - 1 .. begin + length - 1; at its ends a film stands."""
    at = torch.arange(begin - 1, begin + length).clamp(0, len(pictures) - 1)
    return pictures[at]


def make_mel(networks, calls, pictures):
    """The whole film's mel, windows cross-faded: [80, columns]."""
    sight, mel, _ = calls
    length, hop = networks.length, networks.hop
    n = RATIO * networks.fade
    into = (torch.arange(n) + 0.5) / n
    out, old, begin = [], None, 0
    while True:
        features = sight(window_of(pictures, begin, length))[0]
        new = torch.as_tensor(mel(features)[0]).float()[0].clone()
        if old is not None:
            new[:, :n] = old + into * (new[:, :n] - old)
        if begin + length >= len(pictures):
            return torch.cat(out + [new], dim=1)
        out.append(new[:, :RATIO * hop])
        old = new[:, RATIO * hop:]
        begin += hop


def make_sound(networks, calls, pictures, columns):
    """The film's samples: `columns` at a time, with what they depend on."""
    mel = make_mel(networks, calls, pictures)
    count = RATIO * len(pictures)
    rest = -count % columns
    mel = F.pad(mel, (REACH, REACH + rest))
    out = []
    for k in range(0, count, columns):
        y = calls[2](mel[None, :, k:k + columns + 2 * REACH].contiguous())[0]
        y = torch.as_tensor(y).float()[0, 0]
        out.append(y[REACH * HOP:(REACH + columns) * HOP])
    return torch.cat(out)[:count * HOP]


def plain(networks):
    """The modules as they are, in f32."""
    calls = []
    for module in (networks.sight, networks.mel, networks.voice):
        calls.append(programs.make_eager(module, "f32")[0])
    return calls


def make_calls(peer, networks, columns, arguments):
    """The three networks in a program; its version and settings."""
    calls, version, says = [], "", ""
    modules = networks.sight, networks.mel, networks.voice
    for module, example in zip(modules, networks.examples(columns)):
        if peer in ("eager", "compile"):
            maker = getattr(programs, "make_" + peer)
            call, version = maker(programs.packed(module, arguments.dtype),
                                  arguments.dtype)
        else:
            path = programs.export(module, [example])
            if peer == "onnxruntime":
                call, version = programs.make_onnxruntime(
                    path, True, arguments.threads)
                says = "spinning, "
            else:
                call, version = programs.make_openvino(
                    path, True, arguments.threads, arguments.dtype)
                says = "pinned, "
        calls.append(call)
    return calls, version, says + "%d columns" % columns


def above(right, other):
    """Decibels of the signal above the difference."""
    n = min(len(right), len(other))
    error = (right[:n] - other[:n]).double().pow(2).sum().item()
    power = right[:n].double().pow(2).sum().item()
    if not power > 0:
        raise RuntimeError("the reference is silent")
    return 10 * math.log10(power / error) if error > 0 else math.inf


def check_s2v(networks, right, pictures, arguments):
    """libs2v's sound beside the reference's: decibels."""
    size = str(networks.size)
    said = subprocess.run([arguments.sound_program, arguments.weights, size,
                           size, "11025/512"], input=pictures.tobytes(),
                          check=True, stdout=subprocess.PIPE,
                          env=programs.free_environment())
    own = torch.from_numpy(np.frombuffer(said.stdout, np.float32).copy())
    if len(own) != len(right):
        raise SystemExit("s2v makes %d samples, expected %d" %
                         (len(own), len(right)))
    db = above(right, own)
    if not db >= 60:
        raise SystemExit("s2v's sound differs from the reference's: %.1f dB "
                         "above the difference, expected 60" % db)
    return db


def seconds_of(networks, calls, pictures, columns):
    """Seconds of a film's sound."""
    begin = time.perf_counter()
    make_sound(networks, calls, pictures, columns)
    return time.perf_counter() - begin


def choose(peer, networks, arguments):
    """The fastest number of columns, and the calls for it."""
    short = floats(film(networks.size, networks.length))
    best = None
    for columns in COLUMNS:
        made = make_calls(peer, networks, columns, arguments)
        seconds_of(networks, made[0], short, columns)  # packs and compiles
        took = seconds_of(networks, made[0], short, columns)
        if best is None or took < best[0]:
            best = took, columns, made
    return best[1], best[2]


def measure(peer, networks, right, arguments):
    """One peer's row."""
    columns, (calls, version, setting) = choose(peer, networks, arguments)
    checked = floats(film(networks.size, CHECKED))
    db = above(right, make_sound(networks, calls, checked, columns))
    least = 60 if arguments.dtype == "f32" else 10
    if not db >= least:
        raise RuntimeError("its sound differs: %.1f dB above the difference, "
                           "expected %d" % (db, least))
    whole = floats(film(networks.size, math.ceil(arguments.seconds * RATE)))
    own, theirs = [], []
    for _ in range(ROUNDS):
        if arguments.s2v:
            bench = programs.measure_s2v(arguments, 25 * arguments.seconds)
            own.append(arguments.seconds / bench["rtf"])
        theirs.append(seconds_of(networks, calls, whole, columns))
    row = {"version": version, "setting": programs.limited(setting),
           "rtf": round(arguments.seconds / statistics.median(theirs), 2),
           "db": round(db, 1) if db < math.inf else None}
    if own:
        row["s2v_rtf"] = round(arguments.seconds / statistics.median(own), 2)
        row["ratio"] = round(statistics.median(
            b / a for a, b in zip(own, theirs)), 3)
    return row


def main():
    """Checks, measures, and prints the rows."""
    parser = programs.parser_of(__doc__, PEERS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--sound-program", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    networks = Networks(arguments.weights)
    pictures = film(networks.size, CHECKED)
    right = make_sound(networks, plain(networks), floats(pictures), COLUMNS[0])
    own = check_s2v(networks, right, pictures, arguments)
    for peer in arguments.peers.split(","):
        row = {"peer": peer, "dtype": arguments.dtype,
               "threads": arguments.threads,
               "model": os.path.basename(arguments.weights),
               **programs.row_of(
                   peer, arguments.dtype,
                   lambda: measure(peer, networks, right, arguments))}
        row["s2v_db"] = round(own, 1) if own < math.inf else None
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
