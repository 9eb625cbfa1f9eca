# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the golden files of the networks of sound: see README.md.

    python3 tests/reference/make_sound_goldens.py [--float32] [NAME...]

HiFi-GAN's real weights are read from the folder S2V_TEST_DATA names.
"""

import argparse
import json
import os

import numpy as np
import torch

import hifigan
import hifigan_discriminator as hgd
import listen_and_move as lm
import make_goldens
import philox
import tensorfile
import varietysound as vs
import varietysound_discriminator as vsd

WEIGHT_SEED = 4321
LOSS_SEED = 9
SAMPLES = 24  # of a gradient
CORNER = 1e-6  # every activation is farther from 0
TRIES = 60  # seeds of the inputs


def normal(seed, stream, *shape):
    """float32, as the files hold it."""
    return philox.normal(seed, stream, 0, int(np.prod(shape))).reshape(shape)


def swap(x):
    """(n, T, C) <-> (n, C, T)."""
    return x.transpose(1, 2)


def sampled(gradient):
    """The L2 norm, then at most SAMPLES elements, evenly spread."""
    flat = gradient.detach().double().reshape(-1).numpy()
    some = flat
    if flat.size > SAMPLES:
        some = flat[np.arange(SAMPLES) * flat.size // SAMPLES]
    return np.concatenate([[np.sqrt(np.sum(np.square(flat)))], some])


def weighted_loss(outputs):
    """The mean of every output's product with fixed random numbers."""
    loss = 0
    for i, y in enumerate(outputs.values()):
        w = torch.from_numpy(normal(LOSS_SEED, i, *y.shape)).to(y.dtype)
        loss = loss + (y * w).mean()
    return loss


class Case:
    """A golden: a network, its inputs, and what comes out of it.

    Subclasses have `metadata`, `inputs(seed)` -> {name: float32 array} and
    `run(network, inputs)` -> ({name: tensor}, loss or None).
    """

    weights = None

    def make(self, seed, dtype):
        network = self.network().to(dtype)
        named = dict(network.named_parameters())
        state = {name: value for name, value in network.state_dict().items()
                 if value.is_floating_point()}
        # The power iteration's other vector follows from the first.
        for name in [n for n in state if n.endswith("weight_orig")]:
            del state[name[:-4] + "v"]
        weights = self.weights() if self.weights else lm.test_weights(
            {name: value.shape for name, value in state.items()}, WEIGHT_SEED)
        network.load_state_dict({
            name: torch.from_numpy(weights[name]).to(dtype) for name in state},
            strict=False)
        arrays = self.inputs(seed)
        tensors = {name: torch.from_numpy(a).to(dtype).requires_grad_()
                   for name, a in arrays.items()}
        outputs, loss = self.run(network, tensors)
        golden = {"in." + name: a for name, a in arrays.items()}
        golden.update({"out." + name: y.detach().numpy()
                       for name, y in outputs.items()})
        if self.weights:
            return golden
        loss = weighted_loss(outputs) if loss is None else loss
        both = {**named, **tensors}
        gradients = torch.autograd.grad(loss, list(both.values()),
                                        allow_unused=True)
        for name, gradient in zip(both, gradients):
            if gradient is not None and gradient.abs().max() > 0:
                golden["grad." + name] = sampled(gradient)
        return golden


class Vocoder(Case):
    def __init__(self, version, channels):
        self.version, self.channels = version, channels
        self.metadata = {"network": "hifigan", "version": str(version),
                         "channels": str(channels)}

    def network(self):
        return hifigan.Generator(self.version, self.channels)

    def inputs(self, seed):
        return {"mel": normal(seed, 0, 1, 5, 80)}

    def run(self, network, inputs):
        return {"audio": swap(network(swap(inputs["mel"])))}, None


class RealVocoder(Vocoder):
    """The published V3, on numbers like those of its mel spectrograms."""

    FILE = "weights/hifigan_v3_22k.safetensors"

    def __init__(self):
        super().__init__(3, None)
        self.metadata = {"network": "hifigan", "version": "3",
                         "weights": self.FILE}

    def weights(self):
        path = os.path.join(os.environ["S2V_TEST_DATA"], self.FILE)
        return tensorfile.read(path)[0]

    def inputs(self, seed):
        # Two slopes and three peaks, in natural logarithms.
        t, band = np.mgrid[0:12, 0:80].astype(np.float64)
        mel = -4 - band / 20 - t / 6
        for place, width in ((12, 2), (23, 3), (41, 5)):
            mel += 3 * np.exp(-np.square((band - place - t / 4) / width))
        mel += 0.3 * normal(seed, 0, 12, 80)
        return {"mel": np.clip(mel, -11.5, 2).astype(np.float32)[None]}


class VocoderLosses(Case):
    """HiFi-GAN's discriminators and losses, small."""

    DIVIDE, SIZE, HOP = 8, 32, 8

    def __init__(self):
        self.metadata = {"network": "hifigan-losses",
                         "divide": str(self.DIVIDE), "hop": str(self.HOP)}

    def network(self):
        return hgd.Game(self.DIVIDE)

    def inputs(self, seed):
        hann = torch.hann_window(self.SIZE, dtype=torch.float64).numpy()
        basis = np.fft.rfft(np.diag(hann)).T
        return {"real": np.tanh(0.4 * normal(seed, 0, 2, 301, 1)),
                "fake": np.tanh(0.4 * normal(seed, 1, 2, 301, 1)),
                "basis": np.concatenate([basis.real, basis.imag])
                         .astype(np.float32)[:, :, None],
                "filters": np.abs(normal(seed, 2, 6, self.SIZE // 2 + 1))}

    def run(self, network, inputs):
        real, fake = (swap(inputs[name]) for name in ("real", "fake"))
        vectors = {name: value.clone() for name, value
                   in network.named_buffers() if name.endswith("weight_u")}
        d = network.discriminator_loss(real, fake)
        outputs = {"d.loss": d[0] + d[1], "d.real": d[0], "d.fake": d[1]}
        with torch.no_grad():
            for name, value in network.named_buffers():
                if name in vectors:
                    outputs[name] = value.clone()
                    value.copy_(vectors[name])
        g = network.generator_loss(real, fake)
        mel = hgd.mel_loss(real, fake, self.SIZE, self.HOP, inputs["filters"])
        outputs.update({"g.loss": g[0] + 2 * g[1], "g.adversarial": g[0],
                        "g.features": g[1], "mel": mel})
        loss = d[0] + d[1] + g[0] + g[1] + mel
        return {name: y if y.dim() else y.reshape(1)
                for name, y in outputs.items()}, loss


class Foley(Case):
    """VarietySound's generator, small: training, or inference."""

    CONFIG = {**vs.DEFAULTS, "bands": 10, "features": 12,
              "temporal_layers": 2, "temporal_channels": 16,
              "temporal_lstm": 6, "temporal_out": 4,
              "acoustic_layers": 2, "acoustic_channels": 32,
              "acoustic_lstm": 7, "background_lstm": 5, "background_out": 3,
              "decoder_up_channels": 12, "decoder_channels": 8,
              "decoder_layers": 2, "decoder_filter": 14}

    def __init__(self, training):
        self.training = training
        self.metadata = {"network": "varietysound",
                         "training": str(int(training)),
                         "s2v.config": json.dumps(self.CONFIG)}

    def network(self):
        return vs.Generator(self.CONFIG).train(self.training)

    def inputs(self, seed):
        n, count = (2, 14) if self.training else (1, 9)
        columns, bands = 4 * count, self.CONFIG["bands"]
        mel = np.clip(0.5 + 0.2 * normal(seed, 1, n, columns, bands), 0, 1)
        arrays = {"features": normal(seed, 0, n, count, 12), "reference": mel}
        arrays["masked"] = np.stack([vs.mask_energy(m) for m in mel])
        for unit in range(self.CONFIG["acoustic_layers"] * self.training):
            rows = vs.resampling(LOSS_SEED, 0, unit, n, columns)
            for name, values in zip(("low", "high", "weight"), rows):
                arrays["resample.%d.%s" % (unit, name)] = values
        return {name: a.astype(np.float32) for name, a in arrays.items()}

    def run(self, network, inputs):
        def resample(x, unit):
            low, high, weight = (inputs["resample.%d.%s" % (unit, part)]
                                 for part in ("low", "high", "weight"))
            rows = swap(x).flatten(0, 1)
            rows = torch.lerp(rows[low.long()], rows[high.long()],
                              weight[:, None])
            return swap(rows.view(x.shape[0], x.shape[2], x.shape[1]))

        train = self.training
        mel, temporal, timbre, background = network(
            *(swap(inputs[name])
              for name in ("features", "reference", "masked")),
            resample if train else None,
            vs.Dropout(LOSS_SEED) if train else None)
        outputs = {"mel": swap(mel), "temporal": swap(temporal),
                   "timbre": timbre, "background": background}
        loss = weighted_loss(outputs)
        for i, norm in enumerate(network.temporal.norms if train else []):
            outputs["norms.%d.running_mean" % i] = norm.running_mean
            outputs["norms.%d.running_var" % i] = norm.running_var
        return outputs, loss


class FoleyLosses(Case):
    """VarietySound's discriminators and losses, small."""

    CONFIG = {"bands": 10, "features": 6, "up_channels": 8, "channels": 12,
              "window_channels": 5, "window": (8, 15, 24)}
    N, COLUMNS = 2, 32

    def __init__(self):
        self.metadata = {"network": "varietysound-losses"}
        for key, value in self.CONFIG.items():
            self.metadata[key] = " ".join(map(str, np.atleast_1d(value)))
        self.shifts = vsd.draw_shifts(LOSS_SEED, 0, self.N, self.COLUMNS)
        self.starts = vsd.draw_starts(LOSS_SEED, 0, self.CONFIG["window"],
                                      self.N, self.COLUMNS)

    def network(self):
        return vsd.Game(self.CONFIG)

    def inputs(self, seed):
        shape = (self.N, self.COLUMNS, self.CONFIG["bands"])
        arrays = {"real": np.clip(0.5 + 0.2 * normal(seed, 0, *shape), 0, 1),
                  "fake": np.clip(0.5 + 0.2 * normal(seed, 1, *shape), 0, 1),
                  "features": normal(seed, 2, self.N, self.COLUMNS // 4, 6),
                  "shift": vsd.rows(self.N, self.COLUMNS, self.shifts,
                                    self.COLUMNS)}
        for k, (size, start) in enumerate(self.starts):
            arrays["window.%d" % k] = vsd.rows(self.N, self.COLUMNS, start,
                                               size)
        return {name: a.astype(np.float32) for name, a in arrays.items()}

    def run(self, network, inputs):
        real, fake = swap(inputs["real"]).detach(), swap(inputs["fake"])
        features = swap(inputs["features"]).detach()
        t = network.temporal_loss(real, fake.detach(), features, self.shifts)
        m = network.window_loss(real, fake.detach(), self.starts)
        g = network.generator_loss(real, fake, features, self.starts)
        outputs = {}
        for prefix, names, values in (
                ("d_t", "loss real fake shifted", t),
                ("d_m", "loss real fake", m),
                ("g", "loss mel temporal windows", g)):
            for name, value in zip(names.split(), values):
                outputs["%s.%s" % (prefix, name)] = value.reshape(1)
        return outputs, t[0] + m[0] + g[2] + g[3]


GOLDENS = {
    "hifigan_v1": Vocoder(1, 32),
    "hifigan_v2": Vocoder(2, 16),
    "hifigan_v3": Vocoder(3, 16),
    "hifigan_real_v3": RealVocoder(),
    "hifigan_losses": VocoderLosses(),
    "foley_training": Foley(True),
    "foley_inference": Foley(False),
    "foley_losses": FoleyLosses(),
}


def nearest_corner(case, seed):
    """How near any LeakyReLU's input comes to 0."""
    nearest = []
    hifigan.watch = vs.watch = \
        lambda x: nearest.append(float(x.detach().abs().min()))
    case.make(seed, torch.float64)
    hifigan.watch = vs.watch = None
    return min(nearest, default=1)


def good_seed(case):
    """The first whose activations all keep away from a corner."""
    distances = []
    for seed in range(1, TRIES):
        distances.append((nearest_corner(case, seed), seed))
        if distances[-1][0] > CORNER or case.weights:
            return seed
    return max(distances)[1]


def compare(name, made, golden):
    """How far float32 is from a golden file: prints a line a kind."""
    worst = {}
    for key, want in golden.items():
        error = np.abs(np.asarray(made[key]) - want).max()
        error /= np.sqrt(np.mean(np.square(want))) + 1e-12
        kind = key.split(".")[0]
        worst[kind] = max(worst.get(kind, (0, "")), (float(error), key))
    for kind, (error, key) in worst.items():
        print("%s, %s: %.1e (%s)" % (name, kind, error, key), flush=True)


def main():
    parser = argparse.ArgumentParser(description="see the file's head")
    parser.add_argument("--float32", action="store_true",
                        help="write nothing: compare float32 with the files")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.names or GOLDENS:
        case = GOLDENS[name]
        path = os.path.join(make_goldens.OUTPUT, name + ".safetensors")
        if arguments.float32:
            golden, metadata = tensorfile.read(path)
            compare(name, case.make(int(metadata["seed"]), torch.float32),
                    golden)
            continue
        seed = good_seed(case)
        tensorfile.write(path, case.make(seed, torch.float64),
                         {**case.metadata, "seed": str(seed)})
        print("%s: seed %d, corner %.1e, %d bytes" % (
            name, seed, nearest_corner(case, seed), os.path.getsize(path)),
            flush=True)


if __name__ == "__main__":
    main()
