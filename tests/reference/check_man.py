# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds man.py against other goldens of the same parts.

    S2V_TEST_DATA=DIR python3 tests/reference/check_man.py

reads DIR/goldens/man, whose README says what is in the files.  Prints the
largest error of each file's outputs and gradients, of the largest magnitude of
the tensor (gradients that are 0 but for rounding: of the largest of all).
man_sound.py checks itself.
"""

import os
import sys

import numpy as np
import torch
from torch.nn import functional as F

import man
import man_sound

OUTPUT, GRADIENT = 1e-4, 1e-3


class Golden:
    def __init__(self, name):
        self.name = name
        path = os.path.join(os.environ["S2V_TEST_DATA"], "goldens/man",
                            name + ".safetensors")
        self.tensor = {key: torch.from_numpy(np.array(value))
                       for key, value in man_sound.read(path).items()}
        self.worst = {}

    def __getitem__(self, name):
        return self.tensor[name]

    def leaf(self, name):
        return self.tensor[name].clone().requires_grad_()

    def compare(self, name, made, absolute=False):
        want = self.tensor[name]
        made = made.detach().reshape(want.shape)
        kind = "gradients" if name.startswith("grad") or ".grad." in name \
            else "outputs"
        scale = 1 if absolute else max(float(want.abs().max()), self.least)
        error = float((made - want).abs().max()) / scale
        self.worst[kind] = max(self.worst.get(kind, (0, "")), (error, name))

    least = 1e-30

    def gradients(self, loss, named, prefix=""):
        """Compare d loss / d each of {golden's name: tensor}."""
        found = torch.autograd.grad(loss, list(named.values()))
        # A bias that an instance norm follows has a gradient of rounding.
        biggest = max(float(g.abs().max()) for g in found)
        self.least = 1e-3 * biggest
        for name, gradient in zip(named, found):
            if prefix + "grad." + name in self.tensor:
                self.compare(prefix + "grad." + name, gradient)
            if prefix + "gradnorm." + name in self.tensor:
                self.compare(prefix + "gradnorm." + name, gradient.norm())
        self.least = 1e-30

    def report(self, outputs=OUTPUT, gradients=GRADIENT):
        good = True
        for kind, (error, name) in self.worst.items():
            bound = {"outputs": outputs, "gradients": gradients}[kind]
            good &= error <= bound
            print("%s, %s: %.1e (%s)%s" % (
                self.name, kind, error, name,
                "" if error <= bound else " FAIL"), flush=True)
        return good


def load(module, golden, rename):
    """Copy {module's name: golden's name}; returns {golden's name: tensor}."""
    named = dict(module.named_parameters())
    used = {}
    for name, parameter in named.items():
        key = rename(name)
        parameter.data = golden[key].reshape(parameter.shape).double()
        used[key] = parameter
    return used


def cam_name(name, prefix=""):
    for ours, theirs in (("gap_fc.weight", "w_g"), ("gmp_fc.weight", "w_m"),
                         ("conv1x1.weight", "w"), ("conv1x1.bias", "b")):
        if name.endswith(ours):
            return prefix + theirs
    return None


def check_cam():
    golden = Golden("cam")
    for prefix, slope in (("relu", 0), ("lrelu", man.SLOPE)):
        cam = man.CAM(12, slope)
        named = load(cam, golden, cam_name)
        x = golden.leaf("x")
        y, logits = cam(x)
        golden.compare(prefix + ".y", y)
        golden.compare("logits", logits)
        golden.compare(prefix + ".attention", man.attention(y))
        loss = ((y * golden[prefix + ".seed.y"]).sum()
                + (logits * golden[prefix + ".seed.logits"]).sum())
        golden.gradients(loss, {"x": x, **named}, prefix + ".")
    return golden.report()


def check_eca():
    golden = Golden("eca")
    for width, taps in ((16, 3), (64, 3), (96, 3), (127, 3), (128, 5),
                        (512, 5), (1024, 5), (2047, 5), (2048, 7)):
        assert man.eca_taps(width) == taps
    for width in (16, 64, 128, 512):
        h = str(width)
        eca = man.ECA(width)
        load(eca, golden, lambda _, h=h: h + ".k")
        x = golden.leaf(h + ".x")
        y = eca(x)
        golden.compare(h + ".y", y)
        golden.gradients((y * golden[h + ".seed.y"]).sum(),
                         {"x": x, "k": eca.weight}, h + ".")
    return golden.report()


def check_partial():
    golden = Golden("partial")
    convs = []
    for i, (a, b) in enumerate(((5, 8), (8, 6))):
        conv = man.conv3(a, b)
        load(conv, golden, lambda name, i=i: "%s%d" % (name[0], i + 1))
        convs.append(conv)
    x, m = golden.leaf("x"), golden["m"]
    y1, m1 = man.partial_conv(convs[0], x, m)
    y2, m2 = man.partial_conv(convs[1], F.relu(y1), m1)
    ones, ones_m = man.partial_conv(convs[0], x, torch.ones_like(m))
    for name, value in (("y1", y1), ("m1", m1), ("y2", y2), ("m2", m2),
                        ("ones_y1", ones), ("ones_m1", ones_m)):
        golden.compare(name, value)
    named = {"x": x}
    for i, conv in enumerate(convs):
        named["w%d" % (i + 1)], named["b%d" % (i + 1)] = conv.parameters()
    golden.gradients((y2 * golden["seed.y2"]).sum(), named)
    return golden.report()


def check_hourglass():
    golden = Golden("hourglass")
    network = man.Hourglass(1, 16, 2).double().eval()
    named = load(network, golden, lambda name: "_KFSGNet__" + name)
    for name, buffer in network.named_buffers():
        if not name.endswith("num_batches_tracked"):
            buffer.data = golden["_KFSGNet__" + name]
    x = golden.leaf("x")
    y = network(x)
    golden.compare("y", y)
    golden.gradients((y * golden["seed.y"]).sum(), {"x": x, **named})
    network = man.Hourglass(1, 128, 4)
    count = sum(v.numel() for n, v in network.state_dict().items()
                if "num_batches" not in n)
    learnt = sum(p.numel() for p in network.parameters())
    assert (count, learnt) == (719307, 712621), (count, learnt)
    return golden.report()


def unet_name(name):
    part, *rest = name.split(".")
    if part == "out":
        return name
    level, layer, last = rest
    number = "." + layer[-1] if part == "down" else ""
    film = ".film" if layer.startswith("film") else ""
    return "%s%s%s%s.%s" % (part, level, number, film, last)


def check_unet():
    golden = Golden("unet")
    network = man.UNet(18, [6, 8, 10], 9, 2, 15).double()
    named = load(network, golden, unet_name)
    x, v = golden.leaf("x"), golden.leaf("v")
    y = network(x, v)
    golden.compare("y", y)
    golden.gradients((y * golden["seed.y"]).sum(), {"x": x, "v": v, **named})
    return golden.report()


def block_name(name):
    name = name.replace(".conv.", ".in.").replace("eca.weight", "eca")
    return name


def check_man_block():
    golden = Golden("man_block")
    config = {**man.SMALL, "hidden": 4, "sound_hidden": 6}
    block = man.Block(config, 6, 4, True)
    named = load(block.double(), golden, block_name)
    sources = {"image": golden["image"], "geometry": golden["geometry"],
               **{name: golden[name] for name in ("amf", "pitch", "energy")}}
    x = golden.leaf("x")
    man0 = block.man0(x, sources)
    golden.compare("man0_y", man0)
    golden.compare("mid", block.conv0(block.up(man.leaky(man0))))
    y = block(x, sources)
    golden.compare("y", y)
    golden.compare("man1_y16", block.man1(golden["x16"], sources))
    golden.gradients((y * golden["seed.y"]).sum(), {"x": x, **named})
    return golden.report()


def critic_name(name):
    scale = name.split(".")[0]
    return cam_name(name, scale + ".cam.") or name


def check_critic():
    golden = Golden("critic")
    critics = man.Critics({**man.SMALL, "critic_channels": 8}).double()
    named = load(critics, golden, critic_name)
    x = golden.leaf("x")
    golden.compare("halved", man.halve(x))
    loss = 0
    for i, (maps, logits, out) in enumerate(critics(x[:, :3], x[:, 3:])):
        for j, m in enumerate(maps):
            golden.compare("%d.map%d.sum" % (i, j), m.sum((2, 3)))
            golden.compare("%d.map%d.abs" % (i, j), m.abs().sum((2, 3)))
        golden.compare("%d.map3" % i, maps[3])
        golden.compare("%d.logits" % i, logits)
        golden.compare("%d.out" % i, out)
        loss = loss + ((out * golden["seed.%d.out" % i]).sum()
                       + (logits * golden["seed.%d.logits" % i]).sum())
    golden.gradients(loss, {"x": x, **named})
    return golden.report()


def check_maps():
    golden = Golden("maps")
    landmarks, irises = golden["landmarks"], golden["irises"]
    for name, value in (
            ("points", man.points(landmarks)),
            ("points_map", man.points_map(landmarks, 64, [3])),
            ("contours_map", man.contours_map(landmarks, irises, 64))):
        golden.compare(name, value, absolute=name != "points")
    return golden.report(outputs=1e-5)


def check_sampling():
    """Warping, resampling and the mean area against PyTorch's."""
    x = torch.rand(2, 3, 24, 24)
    geometry = torch.rand(2, 2, 8, 8) - 0.5
    flow = F.interpolate(man.FLOW_SCALE * 3 * geometry, scale_factor=3,
                         mode="bilinear", align_corners=False)
    at = torch.arange(24) + 0.5
    grid = torch.stack(torch.meshgrid(at, at, indexing="xy"), 2)
    grid = 2 * (grid + flow.permute(0, 2, 3, 1)) / 24 - 1
    want = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    errors = [(man.warp(x, geometry) - want).abs().max()]
    errors.append((man.area(x, 8) - F.avg_pool2d(x, 3)).abs().max())
    fine = F.interpolate(x, scale_factor=2)  # each pixel as 2 x 2 equal ones
    errors.append((man.area(x, 16) - F.avg_pool2d(fine, 3)).abs().max())
    errors.append((man.nearest(x, 48) - fine).abs().max())
    print("sampling: %.1e" % max(errors))
    return float(max(errors)) < 1e-12


@torch.no_grad()
def check_partial_holes():
    """gamma and beta are 0 where nothing is known; a mask of ones is plain
    convolution but for the border."""
    affine = man.VideoAffine(3, 4, 5, "partial")
    x, m = torch.rand(1, 3, 9, 9), torch.zeros(1, 1, 9, 9)
    m[..., :2] = 1
    gamma, beta = affine(x, m)
    for y in (gamma, beta):
        assert not y[..., 4:].any() and (y[..., :4] != 0).all()
    plain = man.VideoAffine(3, 4, 5, "conv")
    plain.load_state_dict(affine.state_dict())
    inside = slice(2, -2)
    error = max(float((a - b)[..., inside, inside].abs().max()) for a, b in
                zip(affine(x, torch.ones_like(m)), plain(x, None)))
    print("holes: %.1e" % error)
    return error < 1e-12


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    checks = (check_cam, check_eca, check_partial, check_hourglass,
              check_unet, check_man_block, check_critic, check_maps,
              check_sampling, check_partial_holes)
    results = [check() for check in checks]
    return not (all(results)
                and man_sound.check(os.environ["S2V_TEST_DATA"]))


if __name__ == "__main__":
    sys.exit(main())
