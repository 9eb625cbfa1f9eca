# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks the reference, and the peer: python3 tests/reference/check.py"""

import math
import os
import sys
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "..", "bench"))

import listen_and_move as lm  # noqa: E402
import make_goldens  # noqa: E402
import peer_torch  # noqa: E402
import philox  # noqa: E402
import tensorfile  # noqa: E402

VARIANTS = {name: make_goldens.GOLDENS[name][0]
            for name in ("full64", "baseline64", "sac64", "acin64", "skip64",
                         "none64")}


def small_config(name, size=16):
    """A golden's configuration, tiny: 2 layers of 4 and 2 channels."""
    return lm.full_config(**{**VARIANTS[name], "size": size, "bands": 5,
                             "channels_min": 2, "channels_max": 4})


def check_philox():
    """Known answers of the Random123 distribution, and moments."""
    ones = 0xFFFFFFFF
    answers = [
        ((0, 0, 0, 0), (0, 0),
         (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ones, ones, ones, ones), (ones, ones),
         (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
         (0xA4093822, 0x299F31D0),
         (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ]
    for counter, key, expected in answers:
        words = philox.philox4x32(counter, key)
        assert tuple(int(word) for word in words) == expected
    x = philox.normal(1, 2, 3, 100000).astype(np.float64)
    assert abs(x.mean()) < 0.01 and abs(x.std() - 1) < 0.01
    # A shorter request is the beginning of a longer one.
    assert np.array_equal(philox.normal(1, 2, 3, 7), x[:7].astype("f4"))


def check_tensorfile():
    """What is written comes back."""
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3),
               "b": np.array([0.5], dtype=np.float32)}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.safetensors")
        tensorfile.write(path, tensors, {"key": "value"})
        back, metadata = tensorfile.read(path)
    assert metadata == {"key": "value"} and list(back) == ["a", "b"]
    assert all(np.array_equal(back[name], tensors[name]) for name in back)


def check_directions():
    """Directional convolutions against loops, and by hand on an impulse."""
    torch.manual_seed(0)
    height, width = 6, 7
    for kernel in (1, 3, 5):
        for axis in "hv":
            conv = lm.DirectionalConv(axis, 2, 3, kernel).double()
            for parameter in conv.parameters():
                nn.init.normal_(parameter)
            x = torch.randn(1, 2, height, width).double()
            for sign in (+1, -1):
                y = conv(x, sign)[0]
                for i in range(height):
                    for j in range(width):
                        total = conv.bias.detach().clone()
                        for k in range((kernel - 1) // 2 + 1):
                            weight = getattr(conv, "weight%d" % k).detach()
                            for a in range(-k, k + 1):
                                if axis == "h":
                                    row, column = i + a, j - sign * k
                                    tap = weight[:, :, a + k, 0]
                                else:
                                    row, column = i - sign * k, j + a
                                    tap = weight[:, :, 0, a + k]
                                if 0 <= row < height and 0 <= column < width:
                                    total += tap @ x[0, :, row, column]
                        assert torch.allclose(y[:, i, j], total, atol=1e-12)

    # By hand: x is 1 at row 2, column 3.  h+ looks one column to the left,
    # so the impulse's column of 3 shows one column to the right; a = -1
    # reads the row above, so W_1[-1] shows one row below the impulse.
    x = torch.zeros(1, 1, height, width).double()
    x[0, 0, 2, 3] = 1
    conv = lm.DirectionalConv("h", 1, 1, 3).double()
    with torch.no_grad():
        conv.weight0.fill_(10.0)
        conv.weight1.copy_(torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1))
    expected = torch.zeros(height, width).double()
    expected[2, 3] = 10
    expected[3, 4], expected[2, 4], expected[1, 4] = 1, 2, 3
    assert torch.equal(conv(x, +1)[0, 0], expected)
    expected = torch.zeros(height, width).double()
    expected[2, 3] = 10
    expected[3, 2], expected[2, 2], expected[1, 2] = 1, 2, 3
    assert torch.equal(conv(x, -1)[0, 0], expected)
    conv = lm.DirectionalConv("v", 1, 1, 3).double()
    with torch.no_grad():
        conv.weight1.copy_(torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3))
    expected = torch.zeros(height, width).double()
    expected[3, 4], expected[3, 3], expected[3, 2] = 1, 2, 3
    assert torch.equal(conv(x, +1)[0, 0], expected)
    expected = torch.zeros(height, width).double()
    expected[1, 4], expected[1, 3], expected[1, 2] = 1, 2, 3
    assert torch.equal(conv(x, -1)[0, 0], expected)


def check_parts():
    """The norm against PyTorch's, the GRU cell and the dilation by hand."""
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 4).double()
    assert torch.allclose(lm.normalize(x), F.instance_norm(x, eps=1e-5))

    motion = lm.MotionDilated(3, 3).double()
    state = motion.initial_state(x)
    history = [[] for _ in range(3)]
    for _ in range(7):
        r = torch.randn(1, 3).double()
        m, state = motion(r, state)
        expected = r
        for layer, cell in enumerate(motion.layers):
            past = history[layer]
            distance = 2**layer
            h = (past[-distance] if len(past) >= distance
                 else torch.zeros(1, 3).double())
            a = expected @ cell.weight_ih.T + cell.bias_ih
            b = h @ cell.weight_hh.T + cell.bias_hh
            reset = torch.sigmoid(a[:, :3] + b[:, :3])
            update = torch.sigmoid(a[:, 3:6] + b[:, 3:6])
            new = torch.tanh(a[:, 6:] + reset * b[:, 6:])
            h = (1 - update) * new + update * h
            past.append(h)
            expected = torch.maximum(h + expected, 0.2 * (h + expected))
        assert torch.allclose(m, expected)


def loss_of(model, inputs):
    """A scalar of all frames, with unequal weights: float64."""
    state = model.initial_state()
    loss = 0
    for t, (f, e, planes) in enumerate(inputs):
        frame, state = model(f, e, planes, state)
        weights = torch.sin(torch.arange(frame.numel()).double() + t)
        loss = loss + (frame.reshape(-1) * weights).mean()
    return loss


def check_gradients():
    """Autograd against central differences, every parameter, all variants."""
    worst = 0.0
    for name in VARIANTS:
        config = small_config(name)
        model = lm.test_model(config)
        inputs = [lm.frame_inputs(config, t) for t in range(6)]
        loss_of(model, inputs).backward()
        for label, parameter in model.named_parameters():
            flat = parameter.data.reshape(-1)
            gradient = parameter.grad.reshape(-1)
            for index in {0, flat.numel() // 2, flat.numel() - 1}:
                kept = flat[index].item()
                values = []
                for step in (1e-6, -1e-6):
                    flat[index] = kept + step
                    with torch.no_grad():
                        values.append(loss_of(model, inputs).item())
                flat[index] = kept
                numeric = (values[0] - values[1]) / 2e-6
                error = abs(numeric - gradient[index].item())
                error /= max(abs(numeric), parameter.grad.abs().max().item())
                worst = max(worst, error)
                # A LeakyReLU's corner may lie within the step.
                assert error < 1e-4, (name, label, index, error)
    return "worst relative error %.1e" % worst


def check_sequences():
    """T frames at once equal T single frames, and the state carries over."""
    worst = 0.0
    for name in VARIANTS:
        config = small_config(name, 32)
        model = lm.test_model(config)
        inputs = [lm.frame_inputs(config, t) for t in range(7)]
        with torch.no_grad():
            state = model.initial_state()
            single = []
            for f, e, planes in inputs:
                frame, state = model(f, e, planes, state)
                single.append(frame)
            state = model.initial_state()
            batched = []
            for first, last in ((0, 3), (3, 7)):
                f = torch.cat([item[0] for item in inputs[first:last]])
                e = torch.cat([item[1] for item in inputs[first:last]])
                planes = inputs[0][2]
                if config["noise"]:
                    planes = [[torch.cat([item[2][i][n] for item
                                          in inputs[first:last]])
                               for n in (0, 1)]
                              for i in range(lm.layer_count(config))]
                frames, state = model(f, e, planes, state)
                batched.append(frames)
        difference = (torch.cat(batched) - torch.cat(single)).abs().max()
        worst = max(worst, difference.item())
        assert worst < 1e-12, (name, worst)
    return "largest difference %.1e" % worst


def check_peer():
    """bench/peer_torch.py's form makes the same frames and gradients."""
    worst = 0.0
    for name in VARIANTS:
        for layout, kernel in (("contiguous", 3), ("channels_last", 5)):
            config = {**small_config(name, 32), "prediction_kernel": kernel}
            model = lm.test_model(config)
            e, planes = peer_torch.random_inputs(config, 5)
            if config["noise"]:
                planes = [[plane.double() for plane in pair]
                          for pair in planes]
            f = torch.randn(5, config["bands"]).double()
            results = []
            for network in (model, peer_torch.Eager(model, layout)):
                model.zero_grad()
                frames, _ = network(f, e.double(), planes,
                                    network.initial_state())
                (frames * torch.sin(torch.arange(32.0))).mean().backward()
                results.append([frames.detach()] + [
                    parameter.grad.clone()
                    for parameter in model.parameters()])
                if layout == "channels_last":
                    model.g.to(memory_format=torch.channels_last)
            for plain, eager in zip(*results):
                error = (plain - eager).abs().max() / plain.abs().max()
                worst = max(worst, error.item())
                assert worst < 1e-9, (name, layout, worst)
    return "largest relative difference %.1e" % worst


def check_names():
    """Names and shapes of the full network's parameters."""
    config = lm.full_config(size=64, channels_max=64)
    model = lm.ListenAndMove(config)
    shapes = {name: tuple(parameter.shape)
              for name, parameter in model.named_parameters()}
    assert model.state_dict().keys() == shapes.keys()
    expected = {
        "r.layers.2.weight_hh": (198, 66), "r.layers.0.bias_ih": (198,),
        "g.input.weight": (64, 130, 3, 3), "g.input.bias": (64,),
        "g.layers.0.conv1.weight": (64, 64, 3, 3),
        "g.layers.3.conv1.weight": (16, 32, 3, 3),
        "g.layers.3.conv2.weight": (16, 16, 3, 3),
        "g.layers.1.noise2.scale": (64,),
        "g.layers.2.norm1.gamma.weight": (32, 64),
        "g.layers.2.norm2.beta.bias": (32,),
        "g.layers.2.shortcut.weight": (32, 64, 1, 1),
        "g.rgb.weight": (3, 16, 1, 1), "g.rgb.bias": (3,),
        "p.c.input.weight": (48, 16, 3, 3), "p.c.hidden.bias": (48,),
        "p.h.input.weight0": (48, 16, 1, 1),
        "p.h.hidden.weight1": (48, 16, 3, 1),
        "p.v.input.weight1": (48, 16, 1, 3), "p.v.hidden.bias": (48,),
        "p.blend.weight": (16, 80, 1, 1), "p.mask.weight": (1, 80, 1, 1),
    }
    for name, shape in expected.items():
        assert shapes[name] == shape, name
    assert len(shapes) == 12 + 2 + 4 * 13 + 2 + 4 + 2 * 6 + 4
    weights = lm.test_weights(shapes)
    first = min(shapes, key=str.encode)
    v = philox.normal(1234, 1000, 0, 2).astype(np.float64)
    assert first == "g.input.bias"
    assert np.allclose(weights[first][:2], 0.1 * v, rtol=1e-6)
    spread = weights["g.layers.0.conv1.weight"].std() * math.sqrt(64 * 9)
    assert abs(spread - 1) < 0.02


def main():
    torch.set_num_threads(1)
    for check in (check_philox, check_tensorfile, check_directions,
                  check_parts, check_names, check_sequences,
                  check_gradients, check_peer):
        note = check()
        print("%s: passed%s" % (check.__name__[len("check_"):],
                                ", " + note if note else ""), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
