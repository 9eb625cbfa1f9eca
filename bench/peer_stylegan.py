# SPDX-License-Identifier: LGPL-2.1-or-later
"""StyleGANs in other programs, on the same weights, to compare with.

    python3 bench/peer_stylegan.py --weights ffhq.bin --threads 2
        [--dtype bf16] [--peers eager,compile,onnxruntime,openvino]
        [--s2v PATH/TO/s2v-bench] [--frames-program PATH/TO/frames]
        [--frames 20] [--rounds 3] [--reference FILE]

One picture at a time, each of another z: mapping, truncation and synthesis. The
walk and the conversion to 8 bits, which s2v-bench counts, are not in the peers:
that favours them.

With --s2v, each round times s2v-bench and then the peer, the same number of
frames, and the ratio is of the two frame rates within a round: the median of
the rounds.

Outputs are compared before anything is timed; one that differs is an error.
Each peer's first frames are compared with the reference's
(tests/reference/stylegan.py) in f32: f32 at 80 dB or more of PSNR, bf16 at
20 dB (random weights amplify rounding more than trained ones do). With
--frames-program (docs/examples/frames.c) libs2v's own frames, 8-bit, of silence,
through which the walk goes from seed 0 to seed 1, are compared with the
reference's: at 48 dB or more, half a step of 8 bits being 59. Prints one JSON
object a peer; one that cannot run has "why".

The networks are in the form that suits these programs: styles scale what goes
into a convolution and demodulation what comes out, which is the same for one
picture as modulated weights; filters are two one-dimensional depthwise
convolutions, or transposed ones. The settings are peers.py's.
"""

import json
import math
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "reference"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import programs  # noqa: E402
import stylegan  # noqa: E402
import tensorfile  # noqa: E402

CHECKED = 2    # frames that are compared
WARM_UP = 3    # frames that do not count: fewer where they take more than
TRIAL = 3      # frames of each setting, to choose one; likewise
PATIENCE = 1.0  # seconds
PSI = 0.7      # the walk's default
KEYFRAME = 100  # frames from one to the next: 12 a minute, 20 frames a second
LAYOUTS = {"channels_last": torch.channels_last,
           "contiguous": torch.contiguous_format}
SETTINGS = {"eager": ("channels_last", "contiguous"),
            "compile": ("channels_last",),
            "onnxruntime": ("spinning", "no spinning"),
            "openvino": ("pinned", "not pinned")}


# The networks.

class Parameters(nn.Module):
    """Tensors that a module keeps."""

    def keep(self, name, x):
        self.register_buffer(name, x.clone().contiguous())


class Modulated(Parameters):
    """A convolution whose input channels are scaled by the style."""

    def __init__(self, p, name, demodulate, normalise=False):
        super().__init__()
        weight = p[name + ".weight"]
        if normalise:
            weight = weight * weight.square().mean([1, 2, 3], keepdim=True).rsqrt()
        a = p[name + ".affine.weight"]
        self.keep("affine", a / math.sqrt(a.shape[1]))
        self.keep("affine_bias", p[name + ".affine.bias"])
        self.keep("bias", p[name + ".bias"][:, None, None])
        self.demodulate, self.normalise = demodulate, normalise
        gain = 1 / math.sqrt(weight.shape[1])
        if demodulate:
            self.keep("squares", weight.square().sum([2, 3]))
            gain = 1
        self.gain = gain
        self.keep("weight", weight)

    def run(self, x, w, convolve):
        s = F.linear(w, self.affine, self.affine_bias) * self.gain
        if self.normalise:
            s = s * s.square().mean(1, keepdim=True).rsqrt()
        x = convolve(x * s[:, :, None, None])
        if self.demodulate:
            d = (F.linear(s.square(), self.squares) + stylegan.EPS).rsqrt()
            x = x * d[:, :, None, None]
        return x


class Styled(Modulated):
    """StyleGAN2's layers."""

    def __init__(self, p, config, name, up):
        super().__init__(p, name, True)
        self.up, self.slope, self.clamp = up, config["slope"], config["clamp"]
        self.keep("noise", p[name + ".noise_const"]
                  * p[name + ".noise_strength"].reshape(()) + self.bias)
        if up:
            self.weight = self.weight.transpose(0, 1).contiguous()
            f = stylegan.taps(config["kernel"], self.weight)
            kernel = torch.outer(f, f) * 4
            self.keep("kernel", kernel.expand(self.weight.shape[1], 1, 4, 4))

    def convolve(self, x):
        if not self.up:
            return F.conv2d(x, self.weight, padding=1)
        x = F.conv_transpose2d(x, self.weight, stride=2)
        return F.conv2d(x, self.kernel, padding=1, groups=x.shape[1])

    def forward(self, x, w):
        x = self.run(x, w, self.convolve) + self.noise
        return stylegan.clamp(F.leaky_relu(x, self.slope) * math.sqrt(2), self.clamp)


class ToRGB(Modulated):
    def __init__(self, p, config, name):
        super().__init__(p, name, False)
        self.clamp = config["clamp"]

    def forward(self, x, w):
        x = self.run(x, w, lambda y: F.conv2d(y, self.weight)) + self.bias
        return stylegan.clamp(x, self.clamp)


class StyleGAN2(Parameters):
    def __init__(self, p, config):
        super().__init__()
        self.keep("const", p["synthesis.b4.const"][None])
        f = stylegan.taps(config["kernel"], self.const)
        self.keep("kernel", (torch.outer(f, f) * 4).expand(3, 1, 4, 4))
        convs, rgbs, r = [], [], 4
        while r <= config["size"]:
            b = f"synthesis.b{r}"
            if r > 4:
                convs.append(Styled(p, config, b + ".conv0", True))
            convs.append(Styled(p, config, b + ".conv1", False))
            rgbs.append(ToRGB(p, config, b + ".torgb"))
            r *= 2
        self.convs, self.rgbs = nn.ModuleList(convs), nn.ModuleList(rgbs)

    def forward(self, w):
        x, img = self.const, None
        for i, conv in enumerate(self.convs):
            x = conv(x, w)
            if i % 2:
                continue
            rgb = self.rgbs[i // 2](x, w)
            if img is not None:
                rgb = rgb + F.conv_transpose2d(img, self.kernel, stride=2, padding=1,
                                               groups=3)
            img = rgb
        return img


class Filtered(Modulated):
    """StyleGAN3's layers."""

    def __init__(self, p, config, layer):
        name = "synthesis." + layer["name"]
        super().__init__(p, name, not layer["rgb"], not layer["rgb"])
        self.weight *= p[name + ".magnitude_ema"].reshape(()).rsqrt()
        self.layer, self.clamp = layer, config["clamp"]
        c = self.weight.shape[0]
        if not layer["rgb"]:
            up, down = p[name + ".up_filter"] * layer["u"], p[name + ".down_filter"]
            for kind, f in ("up", up), ("down", down.flip(0)):
                self.keep(kind + "_rows", f.reshape(1, 1, -1, 1).repeat(c, 1, 1, 1))
                self.keep(kind + "_columns", f.reshape(1, 1, 1, -1).repeat(c, 1, 1, 1))

    def enlarge(self, x):
        u, lo, hi = (self.layer[k] for k in ("u", "lo", "hi"))
        n, c = self.up_rows.shape[2], x.shape[1]
        start, size = n - 1 - lo, x.shape[2] * u + lo + hi - n + 1
        x = F.conv_transpose2d(x, self.up_rows, stride=(u, 1), groups=c)
        x = x[:, :, start:start + size]
        x = F.conv_transpose2d(x, self.up_columns, stride=(1, u), groups=c)
        return x[:, :, :, start:start + size]

    def reduce(self, x):
        d, c = self.layer["d"], x.shape[1]
        x = F.conv2d(x, self.down_rows, stride=(d, 1), groups=c)
        return F.conv2d(x, self.down_columns, stride=(1, d), groups=c)

    def forward(self, x, w):
        x = self.run(x, w, lambda y: F.conv2d(y, self.weight,
                                              padding=self.layer["k"] - 1))
        x = x + self.bias
        if self.layer["rgb"]:
            return stylegan.clamp(x, self.clamp)
        x = F.leaky_relu(self.enlarge(x), 0.2) * math.sqrt(2)
        return self.reduce(stylegan.clamp(x, self.clamp))


class StyleGAN3(nn.Module):
    def __init__(self, p, config):
        super().__init__()
        self.config = config
        self.input = {k: x for k, x in p.items() if ".input." in k}
        self.layers = nn.ModuleList(Filtered(p, config, layer)
                                    for layer in stylegan.layers(config))

    def forward(self, w):
        x = stylegan.fourier(self.input, self.config, w)
        for layer in self.layers:
            x = layer(x, w)
        return x * 0.25


class Generator(nn.Module):
    """(1,z) to (1,3,N,N)."""

    def __init__(self, p, config, kind, layout="channels_last"):
        super().__init__()
        self.config = config
        self.mapping = {k: x for k, x in p.items() if k.startswith("mapping.")}
        self.synthesis = (StyleGAN2 if kind == "stylegan2" else StyleGAN3)(p, config)
        for module in self.modules():
            for name, x in module.named_buffers(recurse=False):
                if x.dim() == 4:
                    setattr(module, name, x.contiguous(memory_format=LAYOUTS[layout]))
        self.layout = LAYOUTS[layout]

    def forward(self, z):
        w = stylegan.mapping(self.mapping, self.config, z)
        w = torch.lerp(self.mapping["mapping.w_avg"], w, PSI)
        return self.synthesis(w)


# What goes in, and what should come out.

def slerp(a, b, t):
    angle = math.acos(np.clip(a @ b / math.sqrt((a @ a) * (b @ b)), -1, 1))
    return (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b) / math.sin(angle)


def walk(config, frame):
    """z of a frame of silence."""
    keys = [np.random.RandomState(seed).randn(config["z"]) for seed in (0, 1)]
    return torch.tensor(slerp(*keys, frame / KEYFRAME)).float()[None]


def references(model, path):
    """The reference's first frames, which another peer's comparison may have left
    at `path`: they take long."""
    if path and os.path.exists(path):
        return torch.load(path, weights_only=True)
    with torch.no_grad():
        right = torch.cat([reference(*model, walk(model[1], t))
                           for t in range(CHECKED)])
    if path:
        torch.save(right, path + ".new")
        os.replace(path + ".new", path)
    return right


def reference(p, config, kind, z):
    w = torch.lerp(p["mapping.w_avg"], stylegan.mapping(p, config, z), PSI)
    ws = w[:, None].repeat(1, config["codes"], 1)
    made = stylegan.stylegan2 if kind == "stylegan2" else stylegan.stylegan3
    return made(p, config, ws)["img"]


def check_s2v(right, size, arguments):
    """libs2v's frames of silence beside the reference's: the PSNR."""
    silence = np.zeros(CHECKED * 800, np.float32)
    said = subprocess.run([arguments.frames_program, arguments.weights],
                          input=silence.tobytes(), check=True,
                          env=programs.free_environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    own = np.frombuffer(said.stdout, np.uint8).reshape(CHECKED, size, size, 3)
    bytes_ = ((right.permute(0, 2, 3, 1) + 1) * 127.5).clamp(0, 255).round()
    psnr = programs.psnr_of(torch.from_numpy(own.copy()), bytes_, 255)
    if not psnr >= 48:
        raise SystemExit("s2v differs from the reference: PSNR %.1f dB, expected 48"
                         % psnr)
    return psnr


def check(run, right, config, arguments):
    """The PSNR of the first frames, as they are seen, or an error."""
    made = torch.cat([torch.as_tensor(run(walk(config, t))[0]).float()
                      for t in range(CHECKED)])
    psnr = programs.psnr_of(made.clamp(-1, 1), right.clamp(-1, 1), 2)
    least = 80 if arguments.dtype == "f32" else 20
    if not psnr >= least:
        raise RuntimeError("its frames differ: PSNR %.1f dB to the reference, "
                           "expected %d" % (psnr, least))
    return psnr


# Measuring.

def make(peer, setting, model, arguments):
    """The call of a peer, and its version."""
    p, config, kind = model
    if peer in ("eager", "compile"):
        module = Generator(p, config, kind, setting).eval()
        return getattr(programs, "make_" + peer)(module, arguments.dtype)
    path = programs.export(Generator(p, config, kind, "contiguous").eval(),
                           [walk(config, 0)])
    if peer == "onnxruntime":
        return programs.make_onnxruntime(path, setting == "spinning",
                                         arguments.threads)
    return programs.make_openvino(path, setting == "pinned", arguments.threads,
                                  arguments.dtype)


def time_some(run, config, first, count, patience=math.inf):
    """Milliseconds of frames, at most `count`, until patience (s) ends."""
    times = []
    while len(times) < count and sum(times) < patience * 1e3:
        z = walk(config, first + len(times))
        begin = time.perf_counter()
        run(z)
        times.append((time.perf_counter() - begin) * 1e3)
    return times


def time_frames(run, config, count):
    """Milliseconds of each frame that counts."""
    warm = len(time_some(run, config, 0, WARM_UP, PATIENCE))
    return time_some(run, config, warm, count)


def choose(peer, model, arguments):
    """The fastest setting, and the call for it."""
    best = None
    for setting in SETTINGS[peer]:
        run, version = make(peer, setting, model, arguments)
        time_some(run, model[1], 0, WARM_UP, PATIENCE)
        times = time_some(run, model[1], WARM_UP, TRIAL, PATIENCE)
        took = sum(times) / len(times)
        if best is None or took < best[0]:
            best = took, setting, run, version
    return best[1:]


def measure(peer, model, right, arguments):
    """One peer's row."""
    setting, run, version = choose(peer, model, arguments)
    psnr = check(run, right, model[1], arguments)
    return {"version": version, "setting": programs.limited(setting),
            "psnr_to_reference": round(psnr, 1) if psnr < math.inf else None,
            **programs.time_in_turns(
                arguments, lambda: time_frames(run, model[1], arguments.frames),
                arguments.rounds)}


def read(path):
    """Tensors, configuration and kind of a weight file."""
    tensors, metadata = tensorfile.read(path)
    p = {k: torch.tensor(np.asarray(x)).float() for k, x in tensors.items()}
    return p, json.loads(metadata["s2v.config"]), metadata["s2v.model"]


def main():
    """Checks, measures, and prints the rows."""
    parser = programs.parser_of(__doc__, SETTINGS)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=programs.ROUNDS)
    parser.add_argument("--frames-program")
    parser.add_argument("--reference", metavar="FILE")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = read(arguments.weights)
    right = references(model, arguments.reference)
    own = (check_s2v(right, model[1]["size"], arguments)
           if arguments.frames_program else None)
    for peer in arguments.peers.split(","):
        row = {"peer": peer, "model": os.path.basename(arguments.weights),
               "dtype": arguments.dtype, "threads": arguments.threads,
               **programs.row_of(peer, arguments.dtype,
                                 lambda: measure(peer, model, right, arguments))}
        if own:
            row["s2v_psnr_to_reference"] = round(own, 1) if own < math.inf else None
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
