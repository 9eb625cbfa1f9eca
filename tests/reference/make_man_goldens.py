# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the golden files of MAN: see README.md.

    python3 tests/reference/make_man_goldens.py [--float32] [NAME...]
"""

import argparse
import json
import os

import numpy as np
import torch

import listen_and_move as lm
import make_goldens
import make_sound_goldens as sounds
import man
import man_sound
import tensorfile

PARTS = [("encoders.", 4321), ("generator.", 4321), ("predictor.", 4322),
         ("posterior.", 4323), ("critic.", 4324), ("_KFSGNet__", 4322)]
CORNER = 1e-6
SMALL = 0.01
TRIES = 40

TINY = {**man.SMALL, "size": 16, "geometry_size": 8,
        "channels": [6, 6, 8, 6, 6, 6, 5, 4], "hidden": 8, "sound_hidden": 6,
        "warp": 0, "predictor_channels": [5, 6, 7], "hourglass_width": 8,
        "hourglass_depth": 2, "predictor_lstm": 6, "z": 3,
        "critic_channels": 4}
N = 2  # samples, ablations excepted


def last(x):
    """(n, C, H, W) -> (n, H, W, C), the memory's order."""
    return x.permute(0, 2, 3, 1).contiguous() if x.dim() == 4 else x


def first(x):
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def test_weights(state):
    """Each part numbered by itself: {name: tensor} -> {name: array}."""
    weights = {}
    for seed in sorted({seed for _, seed in PARTS}):
        prefixes = tuple(p for p, s in PARTS if s == seed)
        weights.update(lm.test_weights(
            {name: value.shape for name, value in state.items()
             if name.startswith(prefixes)}, seed))
    return weights


def fill(module, prefix=""):
    """Loads the test weights of module; returns {name: parameter}."""
    state = {prefix + name: value for name, value
             in module.state_dict().items() if value.is_floating_point()}
    weights = test_weights(state)
    module.load_state_dict({name[len(prefix):]: torch.from_numpy(
        weights[name]) for name in state}, strict=False)
    return {prefix + name: p for name, p in module.named_parameters()}


def picture(seed, stream, n, side, channels=3):
    v = sounds.normal(seed, stream, n, side, side, channels)
    return np.clip(0.5 * v, -1, 1)


def features(seed, stream, n=N):
    """Rows of numbers like those of sounds."""
    mel = 0.4 * sounds.normal(seed, stream, n, 13 * 256) - 0.4
    mfcc = 0.5 * sounds.normal(seed, stream + 1, n, 169)
    level = np.abs(sounds.normal(seed, stream + 2, n, 26))
    level = np.floor(np.clip(90 * level - 20, 0, 255))  # some are 0
    return np.concatenate([mel, mfcc, level], axis=1)


def geometry(seed, stream, config, n=N, holes=False):
    flows, maps = man.GEOMETRY[config["geometry"]]
    side = config["geometry_size"]
    v = sounds.normal(seed, stream, n, side, side, flows + maps)
    v[..., :flows] *= 0.3
    v[..., flows:] = 1 / (1 + np.exp(-2 * v[..., flows:]))
    if holes:  # known: two columns of one sample, a corner of the other
        v[0, :, 2:] *= 0
        v[1:, :side - 3] *= 0
        v[1:, :, 3:] *= 0
    return v


def gradients(loss, named):
    """{"grad.NAME": norm and samples} of those that are not 0."""
    found = torch.autograd.grad(loss, list(named.values()),
                                allow_unused=True)
    most = max(float(g.abs().max()) for g in found if g is not None)
    return {"grad." + name: sounds.sampled(g)
            for name, g in zip(named, found)
            if g is not None and float(g.abs().max()) > 1e-9 * most}


class Case:
    """A golden; subclasses have inputs(seed) -> {name: array} and
    run(module, inputs) -> ({name: tensor}, loss or None, {name: leaf})."""

    leaves = ()
    prefix = ""

    def __init__(self, **changes):
        self.config = {**TINY, **changes}
        self.metadata = {"network": self.network,
                         "s2v.config": json.dumps(self.config)}

    def make(self, seed, dtype):
        module = self.module().to(torch.float64)
        named = fill(module, self.prefix)
        module.to(dtype)
        arrays = {name: a.astype(np.float32)
                  for name, a in self.inputs(seed).items()}
        tensors = {name: torch.from_numpy(a).to(dtype)
                   for name, a in arrays.items()}
        for name in self.leaves:
            if name in tensors:
                tensors[name].requires_grad_()
                named[name] = tensors[name]
        outputs, losses = self.run(module, tensors)
        golden = {"in." + name: a for name, a in arrays.items()}
        golden.update({"out." + name: y.detach().numpy()
                       for name, y in outputs.items()})
        for loss, prefixes in losses:
            golden.update(gradients(loss, {
                name: p for name, p in named.items()
                if name.startswith(prefixes)}))
        return golden


class Generator(Case):
    network = "man-generator"
    leaves = ("geometry",)

    def __init__(self, n=N, **changes):
        super().__init__(**changes)
        self.n = n

    def module(self):
        model = man.Model(self.config)
        del model.predictor, model.posterior
        return model

    def inputs(self, seed):
        config = self.config
        return {"portrait": picture(seed, 0, self.n, config["size"]),
                "geometry": geometry(seed, 1, config, self.n,
                                     config["video"] == "partial"),
                "features": features(seed, 2, self.n)}

    def run(self, module, inputs):
        frames, stages = module.generate(
            *(first(inputs[name])
              for name in ("portrait", "geometry", "features")))
        outputs = {"frames": last(frames), "logits": stages.pop("logits")}
        loss = sounds.weighted_loss(outputs)
        outputs.update({name: last(y) for name, y in stages.items()})
        return outputs, [(loss, "")]


class Predictor(Case):
    network = "man-predictor"
    leaves = ("controls", "z")

    def module(self):
        model = man.Model(self.config)
        del model.encoders, model.generator
        del model.posterior
        return model

    def inputs(self, seed):
        config = self.config
        arrays = {"portrait": picture(seed, 0, N, config["size"]),
                  "previous": picture(seed, 1, N, config["geometry_size"],
                                      3 * man.FRAMES),
                  "features": features(seed, 2),
                  "controls": sounds.normal(seed, 5, N, man.CONTROLS),
                  "z": sounds.normal(seed, 6, N, config["z"])}
        unused = [name for name, used in (
            ("portrait", config["predictor_portrait"]),
            ("controls", config["controls"])) if not used]
        return {name: a for name, a in arrays.items() if name not in unused}

    def run(self, module, inputs):
        y = module.predict(
            *(first(inputs[name]) if name in inputs else None
              for name in ("portrait", "previous", "features", "controls",
                           "z")))
        outputs = {"geometry": last(y)}
        loss = sounds.weighted_loss(outputs)
        outputs["sound"] = module.predictor.lstm(
            man.split(inputs["features"])[0])
        return outputs, [(loss, "")]


class BatchHourglass(Case):
    """The published network's form, small, by running statistics."""

    network = "man-hourglass"
    prefix = "_KFSGNet__"
    leaves = ("x",)

    def module(self):
        return man.Hourglass(1, self.config["hourglass_width"],
                             self.config["hourglass_depth"]).eval()

    def inputs(self, seed):
        return {"x": 0.5 + picture(seed, 0, 1, 16, 1) / 2}

    def run(self, module, inputs):
        outputs = {"maps": last(module(first(inputs["x"])))}
        return outputs, [(sounds.weighted_loss(outputs), "")]


class Posterior(Case):
    network = "man-posterior"
    prefix = "posterior."
    leaves = ("geometry",)

    def module(self):
        return man.Posterior(self.config)

    def inputs(self, seed):
        return {"geometry": geometry(seed, 1, self.config)}

    def run(self, module, inputs):
        mean, log_variance = module(first(inputs["geometry"]))
        outputs = {"mean": mean, "log_variance": log_variance,
                   "kl": man.kl(mean, log_variance).reshape(1)}
        return outputs, [(sounds.weighted_loss(outputs), "")]


class Critics(Case):
    """Decisions and logits weigh in the loss, the maps do not."""

    network = "man-critics"
    prefix = "critic."
    leaves = ("frames",)

    def module(self):
        return man.Critics(self.config)

    def inputs(self, seed):
        return {name: picture(seed, i, N, self.config["size"])
                for i, name in enumerate(("frames", "portrait"))}

    def run(self, module, inputs):
        results = module(*(first(inputs[name])
                           for name in ("frames", "portrait")))
        outputs = {}
        for i, (_, logits, decisions) in enumerate(results):
            outputs["%d.decisions" % i] = last(decisions)
            outputs["%d.logits" % i] = logits
        loss = sounds.weighted_loss(outputs)
        for i, (maps, _, _) in enumerate(results):
            for j, m in enumerate(maps):
                outputs["%d.map%d" % (i, j)] = last(m)
        return outputs, [(loss, "")]


class Game(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.model = man.Model(config)
        self.critic = man.Critics(config)


class Losses(Case):
    """One iteration: the posterior's z, the predictor, G, D and all losses.

    Gradients: of d.loss for the critics, of g.loss for all else.
    """

    network = "man-losses"

    def __init__(self, detach=0, wanted=CORNER, details=0, **changes):
        super().__init__(**changes)
        self.metadata["detach"] = str(detach)
        if details:
            self.metadata["details"] = str(details)
        self.details = details
        self.detach = detach
        self.wanted = wanted

    def make(self, seed, dtype):
        game = Game(self.config).to(torch.float64)
        named = {**fill(game.model), **fill(game.critic, "critic.")}
        game.to(dtype)
        arrays = {name: a.astype(np.float32)
                  for name, a in self.inputs(seed).items()}
        tensors = {name: first(torch.from_numpy(a).to(dtype))
                   for name, a in arrays.items()}
        outputs, d_loss, g_loss = self.run(game, tensors)
        golden = {"in." + name: a for name, a in arrays.items()}
        golden.update({"out." + name: (last(y) if y.dim() else y.reshape(1))
                       .detach().numpy() for name, y in outputs.items()})
        critic = {n: p for n, p in named.items() if n.startswith("critic.")}
        golden.update(gradients(d_loss, critic))
        golden.update(gradients(g_loss, {n: p for n, p in named.items()
                                         if n not in critic}))
        return golden

    def inputs(self, seed):
        config = self.config
        maps = man.GEOMETRY[config["geometry"]][1]
        seen = np.ones((N, maps))
        seen[0, 3:5] = seen[1, 7:] = 0
        return {"portrait": picture(seed, 0, N, config["size"]),
                "real": picture(seed, 7, N, config["size"]),
                "previous": picture(seed, 1, N, config["geometry_size"],
                                    3 * man.FRAMES),
                "features": features(seed, 2),
                "controls": sounds.normal(seed, 5, N, man.CONTROLS),
                **({"epsilon": sounds.normal(seed, 6, N, config["z"])}
                   if config["z"] else {}),
                "truth": geometry(seed, 8, config), "seen": seen}

    def run(self, game, x):
        posterior = z = None
        if self.config["z"]:
            posterior = mean, log_variance = game.model.posterior(x["truth"])
            z = mean + (log_variance / 2).exp() * x["epsilon"]
        predicted = game.model.predict(x["portrait"], x["previous"],
                                       x["features"], x["controls"], z)
        fake, _ = game.model.generate(
            x["portrait"], predicted.detach() if self.detach else predicted,
            x["features"])
        d = man.critic_loss(game.critic, x["real"], fake, x["portrait"])
        g = man.generator_loss(game.critic, x["real"], fake, x["portrait"],
                               predicted, x["truth"], x["seen"], posterior,
                               self.details)
        outputs = {"frames": fake, "geometry": predicted}
        for prefix, terms in (("d.", d), ("g.", g)):
            outputs.update({prefix + name: y for name, y in terms.items()})
        return outputs, d["loss"], g["loss"]


class Sound:
    """A glide of 90-420 Hz with overtones, which becomes hoarse, zeros, noise, two
    tones, zeros."""

    metadata = {"network": "man-sound"}
    FRAMES = (0, 7, 22)

    def sound(self, seed):
        t = np.arange(4800) / man_sound.RATE
        phase = 2 * np.pi * (90 * t + 550 * t * t)
        glide = 0.3 * sum(np.sin(k * phase) / k for k in (1, 2, 3))
        noise = 0.05 * sounds.normal(seed, 0, 3200)
        hoarse = np.clip((t - 0.15) / 0.03, 0, 1) * sounds.normal(seed, 1, 4800)
        tones = 0.2 * (np.sin(2 * np.pi * 220 * t[:3200])
                       + np.sin(2 * np.pi * 330 * t[:3200]))
        x = np.concatenate([glide + 0.15 * hoarse, np.zeros(1600), noise, tones,
                            np.zeros(1920)])
        return np.round(32768 * x).clip(-32768, 32767) / 32768

    def make(self, seed, _):
        x = self.sound(seed)
        which = np.arange(-10, 126)
        c = man_sound.columns(x, which)
        frames = np.array(self.FRAMES)
        return {"in.sound": x, "in.column": which, "in.frame": frames,
                "out.features": np.stack([man_sound.features(x, t)
                                          for t in frames]),
                **{"out." + name: c[name] for name in
                   ("own_f0", "f0", "pitch_level", "energy", "energy_level")}}

    def corner(self, seed):
        """How near a level comes to an edge, or d' to a threshold."""
        c = man_sound.columns(self.sound(seed), np.arange(-10, 126))
        e, f = c["energy"][c["energy"] > 0], c["f0"][c["f0"] > 0]
        level = np.concatenate([
            (20 * np.log10(e) + 30) * 3.2,
            254 * np.log(f / 71) / np.log(500 / 71)])
        near = np.abs(level - np.round(level)).min()
        edge = min(np.abs(c["dmin"] - v).min()
                   for v in (0.15, 0.3, man_sound.FOLLOWED))
        return min(near, edge)


class Maps:
    """A face made of ellipses: 68 landmarks, irises."""

    metadata = {"network": "man-maps", "hidden": "3"}
    SIDE = 16

    def landmarks(self):
        def arc(x, y, a, b, angles):
            angle = np.radians(angles)
            return np.stack([x + a * np.cos(angle), y + b * np.sin(angle)], 1)

        right, left = ([arc(x, 0.42, 0.06, 0.03, np.linspace(180, 360, 4)),
                        arc(x, 0.42, 0.06, 0.03, (60, 120))]
                       for x in (0.36, 0.64))
        return np.concatenate([
            arc(0.5, 0.45, 0.33, 0.45, np.linspace(180, 0, 17)),
            arc(0.36, 0.36, 0.1, 0.05, np.linspace(200, 340, 5)),
            arc(0.64, 0.36, 0.1, 0.05, np.linspace(200, 340, 5)),
            np.stack([np.full(4, 0.5), np.linspace(0.42, 0.57, 4)], 1),
            arc(0.5, 0.58, 0.06, 0.04, np.linspace(180, 0, 5)),
            *right, *left,
            arc(0.5, 0.74, 0.12, 0.06, np.linspace(180, 360, 7)),
            arc(0.5, 0.74, 0.12, 0.06, np.linspace(30, 150, 5)),
            arc(0.5, 0.74, 0.09, 0.03, np.linspace(180, 360, 5)),
            arc(0.5, 0.74, 0.09, 0.03, (45, 90, 135)),
        ])

    def make(self, seed, _):
        tilt = np.array([[0.98, 0.17], [-0.17, 0.98]])  # no symmetry
        place = np.concatenate([self.landmarks(),
                                [[0.37, 0.42], [0.65, 0.42]]])
        place = (self.SIDE * ((place - 0.5) @ tilt + 0.5)).astype(np.float32)
        landmarks, irises = (torch.from_numpy(a.astype(np.float64))
                             for a in (place[:68], place[68:]))
        return {"in.landmarks": place[:68], "in.irises": place[68:],
                "out.points": man.points(landmarks).numpy(),
                "out.points_map": man.points_map(
                    landmarks, self.SIDE, [3]).numpy(),
                "out.contours_map": man.contours_map(
                    landmarks, irises, self.SIDE).numpy()}

    def corner(self, _):
        return 1.0


def pairs():
    return {"man_%s_%s" % (video, sound):
            Generator(video=video, sound=sound)
            for video in ("conv", "eca", "partial")
            for sound in ("conv1d", "lstm")}


HALF = {"size": 32, "geometry_size": 16}
GOLDENS = {
    **pairs(),
    # As shipped, but for widths.
    "man_warp": Generator(warp=1),
    "man_blend": Generator(1, warp=1, blend=1),
    # Table 3's base, and what it adds.
    "man_image": Generator(1, modalities=["image"]),
    "man_flow_amf": Generator(1, modalities=["image", "geometry", "amf"],
                              geometry="flow", sound="conv1d"),
    "man_image_pitch": Generator(1, modalities=["image", "pitch"]),
    # Figure 3 to the letter: encoders in each MAN; and without the image.
    "man_unshared": Generator(
        1, share=0, modalities=["geometry", "pitch", "energy"]),
    # The partial convolution's masks of flow alone, of maps alone.
    "man_partial_flow": Generator(1, video="partial", geometry="flow",
                                  modalities=["image", "geometry", "amf"]),
    "man_partial_maps": Generator(1, video="partial", geometry="contours",
                                  modalities=["geometry", "amf"]),
    # As 256 and 96: sides that do not divide each other.
    "man_uneven": Generator(1, geometry_size=12, geometry="points",
                            modalities=["image", "geometry"]),
    "man_unet": Predictor(),
    "man_unet_paper": Predictor(predictor_portrait=0, controls=0,
                                geometry="flow"),
    "man_hourglass": Predictor(predictor="hourglass", geometry="points"),
    "man_hourglass_bn": BatchHourglass(),
    "man_posterior": Posterior(geometry_size=16),
    "man_critics": Critics(size=32),
    "man_critics_paper": Critics(size=32, critics=3, critic_portrait=0),
    # Float32 errs by more than CORNER where a gradient turns.
    "man_losses_hinge": Losses(wanted=1e-5, **HALF, warp=1),
    "man_losses_log": Losses(detach=1, gan="log"),
    "man_losses_details": Losses(detach=1, details=8, video="conv", sound="conv1d"),
    "man_losses_lsgan": Losses(
        gan="lsgan", geometry="points", predictor="hourglass", z=0,
        video="partial", sound="conv1d", share=0),
    "man_sound": Sound(),
    "man_maps": Maps(),
}


def nearest_corner(case, seed):
    """How near any kink is; exact zeros are zero however one computes.

    Nor may a loss be so small that it is the difference of larger numbers.
    """
    if hasattr(case, "corner"):
        return case.corner(seed)
    nearest = []

    def watch(x):
        x = x.detach().abs()
        x = x[x > 1e-12]
        if x.numel():
            nearest.append(float(x.min()))

    man.watch = watch
    golden = case.make(seed, torch.float64)
    man.watch = None
    numbers = [abs(float(y[0])) for name, y in golden.items()
               if name.startswith("out.") and y.shape == (1,)]
    return min(nearest + [1e-4 * y for y in numbers if y < SMALL])


def good_seed(case):
    distances = []
    for seed in range(1, TRIES):
        distances.append((nearest_corner(case, seed), seed))
        if distances[-1][0] > case.wanted:
            return seed
    return max(distances)[1]


Case.wanted, Sound.wanted, Maps.wanted = CORNER, 1e-3, 0.5


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
            sounds.compare(name, case.make(int(metadata["seed"]),
                                           torch.float32), golden)
            continue
        seed = good_seed(case)
        tensorfile.write(path, case.make(seed, torch.float64),
                         {**case.metadata, "seed": str(seed)})
        print("%s: seed %d, corner %.1e, %d bytes" % (
            name, seed, nearest_corner(case, seed), os.path.getsize(path)),
            flush=True)


if __name__ == "__main__":
    main()
