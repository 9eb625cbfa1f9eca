# SPDX-License-Identifier: LGPL-2.1-or-later
"""The projected critic (arXiv 2111.01007) in PyTorch, and DiffAugment.

Written from the papers: G = 1x1 (F), H = 3x3 (G + up(H below)), both random and
fixed, with weights of N(0,1) / sqrt(inputs); discriminators of 4x4 convolutions with
spectral norm, batch norm and leaky ReLU. Parameters are a dictionary of tensors;
pictures are (n,C,H,W).
"""
import math

import torch
from torch.nn import functional as F

DEPTHS = {"squeezenet1.1": ["relu1", "fire4", "fire7", "fire12"],
          "vgg16": ["relu2_2", "relu3_3", "relu4_3", "relu5_3"],
          "vgg19": ["relu2_2", "relu3_3", "relu4_3", "relu5_3"]}


def scaled(weight):
    return weight / math.sqrt(weight[0].numel())


def spectral(p, name, kept):
    """The weight over its norm; the next u goes to `kept`."""
    weight, u = p[name + ".weight"], p[name + ".u"]
    matrix = weight.flatten(1)
    with torch.no_grad():
        v = F.normalize(matrix.T @ u, dim=0)
        u = F.normalize(matrix @ v, dim=0)
    kept[name + ".u"] = u
    return weight / (u @ matrix @ v)


def critic(p, network, x, c=None):
    """Logits of each depth, finest first, and the spectral norms' next vectors."""
    taps = network.taps(x.permute(0, 2, 3, 1))
    features = [taps[name].permute(0, 3, 1, 2) for name in DEPTHS[network.name]]
    mixed, below = [], None
    for i in reversed(range(len(features))):
        y = F.conv2d(features[i], scaled(p[f"critic.mix{i}.weight"]))
        if below is not None:
            y = y + F.interpolate(below, y.shape[2:], mode="bilinear",
                                  align_corners=True)
        below = F.conv2d(y, scaled(p[f"critic.spread{i}.weight"]), padding=1)
        mixed.insert(0, below)
    logits, kept = [], {}
    for i, y in enumerate(mixed):
        down = 0
        while y.shape[2] > mixed[-1].shape[2]:
            name = f"critic.d{i}.down{down}"
            y = F.conv2d(y, spectral(p, name, kept), stride=2, padding=1)
            norm = f"critic.d{i}.norm{down}"
            y = F.batch_norm(y, None, None, p[norm + ".weight"], p[norm + ".bias"],
                             training=True)
            y = F.leaky_relu(y, 0.2)
            down += 1
        y = F.conv2d(y, spectral(p, f"critic.d{i}.out", kept))
        if c is not None:
            w = p[f"critic.d{i}.classes.weight"]
            m = c @ w.T / math.sqrt(w.shape[1]) + p[f"critic.d{i}.classes.bias"]
            y = (y * m[:, :, None, None]).sum(1) / math.sqrt(m.shape[1])
        logits.append(y)
    return logits, kept


def diffaugment(x, u):
    """Colour, translation, cutout (arXiv 2006.10738); u (n,7), uniform."""
    n, _, size, _ = x.shape
    out = []
    for image, (brightness, saturation, contrast, right, down, left, top) in zip(x, u):
        image = image + (brightness - 0.5)
        mean = image.mean(0, keepdim=True)
        image = mean + 2 * saturation * (image - mean)
        image = image.mean() + (contrast + 0.5) * (image - image.mean())
        most = size // 8
        dx, dy = (int(s * (2 * most + 1)) - most for s in (right, down))
        wide = F.pad(image, [most] * 4)
        image = wide[:, most - dy:most - dy + size, most - dx:most - dx + size]
        a, b = (int(s * (size + 1)) - size // 4 for s in (left, top))
        seen = torch.ones_like(image)
        seen[:, max(b, 0):b + size // 2, max(a, 0):a + size // 2] = 0
        out.append(image * seen)
    return torch.stack(out)


# ---- a golden file ----

SIZE, PICTURES, CLASSES, SEED, SAMPLES, WEIGHTS = 36, 4, 3, 40, 240, 1234


def shapes():
    """Of the critic over SqueezeNet, whose maps have sides 17, 8, 4 and 2."""
    found, widths = {}, [64, 128, 256, 512]
    for i, width in enumerate(widths):
        found[f"critic.mix{i}.weight"] = (64, width, 1, 1)
        found[f"critic.spread{i}.weight"] = (64, 64, 3, 3)
        channels = 64
        for down in range(3 - i):
            out = min(2 * channels, 256)
            name = f"critic.d{i}.down{down}"
            found[name + ".weight"], found[name + ".u"] = (out, channels, 4, 4), (out,)
            norm = f"critic.d{i}.norm{down}"
            found[norm + ".weight"], found[norm + ".bias"] = (out,), (out,)
            channels = out
        found[f"critic.d{i}.out.weight"] = (64, channels, 2, 2)
        found[f"critic.d{i}.out.u"] = (64,)
        found[f"critic.d{i}.classes.weight"] = (64, CLASSES)
        found[f"critic.d{i}.classes.bias"] = (64,)
    return found


def sampled(x):
    x = x.detach().reshape(-1)
    count = min(SAMPLES, len(x))
    return x[[k * len(x) // count for k in range(count)]].numpy()


def golden():
    import numpy as np

    import listen_and_move
    import perceptual
    import philox
    network = perceptual.Network("squeezenet1.1", False, perceptual.test_weights(
        "squeezenet1.1", False, torch.float64))
    p = {name: torch.as_tensor(x).double().requires_grad_() for name, x in
         listen_and_move.test_weights(shapes(), WEIGHTS).items()}
    x = np.stack([philox.normal(SEED, 0, i, 3 * SIZE * SIZE)
                  for i in range(PICTURES)]) * np.float32(0.5)
    x = torch.tensor(x.clip(-1, 1)).double().reshape(PICTURES, SIZE, SIZE, 3)
    x.requires_grad_()
    c = F.one_hot(torch.arange(PICTURES) % CLASSES, CLASSES).double()
    logits, kept = critic(p, network, x.permute(0, 3, 1, 2), c)
    out = {f"logits{i}": y.detach().numpy() for i, y in enumerate(logits)}
    out.update({"next." + name: u.numpy() for name, u in kept.items()})
    losses = {"real": sum(F.relu(1 - y).mean() for y in logits),
              "made": sum(F.relu(1 + y).mean() for y in logits),
              "generator": -sum(y.mean() for y in logits)}
    learned = sorted(name for name in p if not name.endswith(".u")
                     and "mix" not in name and "spread" not in name)
    for name, loss in losses.items():
        found = torch.autograd.grad(loss, [x] + [p[k] for k in learned],
                                    retain_graph=True)
        out[name] = loss.detach().reshape(1).numpy()
        out[name + ".grad"] = sampled(found[0])
        out[name + ".norms"] = np.array([float(g.norm()) for g in found])
    return out


def main():
    import json
    import os

    import tensorfile
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "../models/goldens/projected_critic.safetensors")
    tensorfile.write(path, golden(), {"config": json.dumps(
        {"size": SIZE, "pictures": PICTURES, "classes": CLASSES, "seed": SEED})})


if __name__ == "__main__":
    main()
