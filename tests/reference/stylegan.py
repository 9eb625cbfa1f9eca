# SPDX-License-Identifier: LGPL-2.1-or-later
"""StyleGAN2 (config F), its discriminator, and StyleGAN3 (T and R), in PyTorch.

Written from the papers (arXiv 1912.04958, 2106.12423) and not from the C code:
weights are modulated for each picture and convolved in groups, filters run over
images with zeros put in. Parameters are a dictionary of tensors under their
published names; pictures are (n,C,H,W).
"""

import math

import torch
from torch.nn import functional as F

EPS = 1e-8


# ---- filters ----


def upfirdn(x, f, up=1, down=1, lo=0, hi=0, gain=1.0):
    """Zeros after each pixel and around, convolution by f, every down-th; f of one
    dimension along each axis in turn."""
    n, c, h, w = x.shape
    wide = x.new_zeros(n, c, h * up, w * up)
    wide[:, :, ::up, ::up] = x
    wide = F.pad(wide, [lo, hi, lo, hi])  # negative pads cut
    for k in (f[:, None], f[None, :]) if f.dim() == 1 else (f,):
        wide = F.conv2d(wide, k.flip([0, 1]).expand(c, 1, *k.shape), groups=c)
    return wide[:, :, ::down, ::down] * gain


def taps(kernel, like):
    f = torch.tensor(kernel, dtype=like.dtype)
    return f / f.sum()


def clamp(x, limit):
    return x if limit is None else x.clamp(-limit, limit)


def lrelu(x, slope=0.2):
    return F.leaky_relu(x, slope) * math.sqrt(2)


# ---- the mapping network ----


def dense(x, p, name, rate=1.0):
    w = p[name + ".weight"]
    return x @ (w * (rate / math.sqrt(w.shape[1]))).T + p[name + ".bias"] * rate


def normalise(x):
    return x * (x.square().mean(1, keepdim=True) + EPS).rsqrt()


def mapping(p, config, z, c=None):
    x = normalise(z)
    if config["classes"]:
        x = torch.cat([x, normalise(dense(c, p, "mapping.embed"))], 1)
    for i in range(config["mapping"]):
        x = lrelu(dense(x, p, f"mapping.fc{i}", 0.01))
    return x


def truncate(p, config, w, psi, cutoff):
    ws = w[:, None].repeat(1, config["codes"], 1)
    near = config["codes"] if cutoff is None else cutoff
    drawn = torch.lerp(p["mapping.w_avg"], ws[:, :near], psi)
    return torch.cat([drawn, ws[:, near:]], 1)


# ---- StyleGAN2 ----


def each(x, weight, transposed=False, padding=0):
    """Weights (n,O,I,k,k), one set a picture, as groups."""
    n, o, i, k, _ = weight.shape
    x = x.reshape(1, -1, *x.shape[2:])
    if transposed:
        y = F.conv_transpose2d(x, weight.transpose(1, 2).reshape(n * i, o, k, k),
                               stride=2, groups=n)
    else:
        y = F.conv2d(x, weight.reshape(n * o, i, k, k), padding=padding, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def style(p, name, w):
    return dense_affine(p, name + ".affine", w)


def dense_affine(p, name, w):
    a = p[name + ".weight"]
    return w @ a.T / math.sqrt(a.shape[1]) + p[name + ".bias"]


def modulated(weight, s, demodulate=True):
    weight = weight[None] * s[:, None, :, None, None]
    if demodulate:
        weight = weight * (weight.square().sum([2, 3, 4], keepdim=True)
                           + EPS).rsqrt()
    return weight


def styled_conv(p, config, name, x, w, up, noise):
    weight = modulated(p[name + ".weight"], style(p, name, w))
    if up:
        f = taps(config["kernel"], x)
        x = upfirdn(each(x, weight, transposed=True), f, lo=1, hi=1, gain=4)
    else:
        x = each(x, weight, padding=1)
    plane = p[name + ".noise_const"] if noise is None else noise
    x = x + plane * p[name + ".noise_strength"].reshape(())
    x = lrelu(x + p[name + ".bias"][:, None, None], config["slope"])
    return clamp(x, config["clamp"])


def to_rgb(p, config, name, x, w):
    weight = p[name + ".weight"]
    s = style(p, name, w) / math.sqrt(weight.shape[1])
    x = each(x, modulated(weight, s, demodulate=False))
    return clamp(x + p[name + ".bias"][:, None, None], config["clamp"])


def stylegan2(p, config, ws, noise=None):
    """Returns {"b4.x": .., "b4.img": .., .., "img": ..}."""
    out, code, r = {}, 0, 4
    x = p["synthesis.b4.const"][None].repeat(len(ws), 1, 1, 1)
    img = None
    while r <= config["size"]:
        b = f"synthesis.b{r}"
        for conv in ("conv0", "conv1") if r > 4 else ("conv1",):
            given = noise[f"b{r}.{conv}"] if noise else None
            x = styled_conv(p, config, f"{b}.{conv}", x, ws[:, code],
                            conv == "conv0", given)
            code += 1
        rgb = to_rgb(p, config, f"{b}.torgb", x, ws[:, code])
        if img is not None:
            img = upfirdn(img, taps(config["kernel"], x), up=2, lo=2, hi=1, gain=4)
        img = rgb if img is None else img + rgb
        out[f"b{r}.x"], out[f"b{r}.img"] = x, img
        r *= 2
    out["img"] = img
    return out


def channels(config, r):
    return min(config["base"] // r, config["max"])


def stylegan2_shapes(config):
    """{name: shape} of all parameters and buffers."""
    shapes, cin, r = mapping_shapes(config), channels(config, 4), 4
    shapes["synthesis.b4.const"] = (cin, 4, 4)
    while r <= config["size"]:
        c = channels(config, r)
        for conv in ("conv0", "conv1", "torgb") if r > 4 else ("conv1", "torgb"):
            name = f"synthesis.b{r}.{conv}"
            i = cin if conv == "conv0" else c
            o, k = (3, 1) if conv == "torgb" else (c, 3)
            shapes[name + ".weight"] = (o, i, k, k)
            shapes[name + ".bias"] = (o,)
            shapes[name + ".affine.weight"] = (i, config["w"])
            shapes[name + ".affine.bias"] = (i,)
            if conv != "torgb":
                shapes[name + ".noise_const"] = (r, r)
                shapes[name + ".noise_strength"] = ()
        cin, r = c, 2 * r
    return shapes


def mapping_shapes(config):
    both = config["z"] + (config["w"] if config["classes"] else 0)
    shapes = {}
    if config["classes"]:
        shapes["mapping.embed.weight"] = (config["w"], config["classes"])
        shapes["mapping.embed.bias"] = (config["w"],)
    for i in range(config["mapping"]):
        shapes[f"mapping.fc{i}.weight"] = (config["w"], config["w"] if i else both)
        shapes[f"mapping.fc{i}.bias"] = (config["w"],)
    shapes["mapping.w_avg"] = (config["w"],)
    return shapes


# ---- its discriminator ----


def equal_conv(p, name, x, **how):
    w = p[name + ".weight"]
    return F.conv2d(x, w / math.sqrt(w[0].numel()), p.get(name + ".bias"), **how)


def discriminator(p, config, img, c=None):
    out, r = {}, config["size"]
    f = taps([1, 3, 3, 1], img)
    x = lrelu(equal_conv(p, f"b{r}.fromrgb", img))
    while r > 4:
        skip = equal_conv(p, f"b{r}.skip", upfirdn(x, f, down=2, lo=1, hi=1))
        x = lrelu(equal_conv(p, f"b{r}.conv0", x, padding=1))
        x = lrelu(equal_conv(p, f"b{r}.conv1", upfirdn(x, f, lo=2, hi=2), stride=2))
        x = out[f"b{r}.x"] = (x + skip) / math.sqrt(2)
        r //= 2
    n, g = len(x), min(config["group"], len(x))
    std = []
    for j in range(n // g):  # pictures j, j + n/g, ..
        group = x[j::n // g]
        variance = (group - group.mean(0)).square().mean(0)
        std.append((variance + EPS).sqrt().mean())
    std = out["b4.mbstd"] = torch.stack(std).repeat(g)
    x = torch.cat([x, std[:, None, None, None].expand(n, 1, 4, 4)], 1)
    x = lrelu(equal_conv(p, "b4.conv", x, padding=1))
    x = lrelu(dense(x.flatten(1), p, "b4.fc"))
    x = dense(x, p, "b4.out")
    if config["classes"]:
        m = normalise(dense(c, p, "mapping.embed"))
        for i in range(8):
            m = lrelu(dense(m, p, f"mapping.fc{i}", 0.01))
        x = (x * m).sum(1, keepdim=True) / math.sqrt(m.shape[1])
    out["logits"] = x
    return out


def discriminator_shapes(config):
    shapes, r, last = {}, config["size"], channels(config, 4)
    if config["classes"]:
        for name, i in [("embed", config["classes"])] + [(f"fc{i}", last)
                                                          for i in range(8)]:
            shapes[f"mapping.{name}.weight"] = (last, i)
            shapes[f"mapping.{name}.bias"] = (last,)
    shapes[f"b{r}.fromrgb.weight"] = (channels(config, r), 3, 1, 1)
    shapes[f"b{r}.fromrgb.bias"] = (channels(config, r),)
    while r > 4:
        c, half = channels(config, r), channels(config, r // 2)
        shapes[f"b{r}.conv0.weight"], shapes[f"b{r}.conv0.bias"] = (c, c, 3, 3), (c,)
        shapes[f"b{r}.conv1.weight"] = (half, c, 3, 3)
        shapes[f"b{r}.conv1.bias"] = (half,)
        shapes[f"b{r}.skip.weight"] = (half, c, 1, 1)
        r //= 2
    out = last if config["classes"] else 1
    shapes["b4.conv.weight"], shapes["b4.conv.bias"] = (last, last + 1, 3, 3), (last,)
    shapes["b4.fc.weight"], shapes["b4.fc.bias"] = (last, 16 * last), (last,)
    shapes["b4.out.weight"], shapes["b4.out.bias"] = (out, last), (out,)
    return shapes


# ---- StyleGAN3 ----


def signals(config):
    """What each layer gives: (size, rate, channels, cutoff, half-width)."""
    n, found = config["size"], []
    for i in range(15):
        e = min(i / 12, 1)
        cutoff = 2 * (n / 4) ** e
        stop = 2 ** 2.1 * (n / 2 * 2 ** 0.3 / 2 ** 2.1) ** e
        rate = 2 ** math.ceil(math.log2(min(2 * stop, n)))
        size = n if i >= 13 else rate + 20
        c = 3 if i == 14 else round(min(config["base"] / 2 / cutoff, config["max"]))
        found.append((size, rate, c, cutoff, max(stop, rate / 2) - cutoff))
    return found


def kaiser_beta(n, width):
    a = 2.285 * (n - 1) * math.pi * width + 7.95
    if a > 50:
        return 0.1102 * (a - 8.7)
    return 0.5842 * (a - 21) ** 0.4 + 0.07886 * (a - 21) if a > 21 else 0.0


def design_filter(n, cutoff, width, fs, radial=False):
    m = torch.arange(n, dtype=torch.float64) - (n - 1) / 2
    window = torch.kaiser_window(n, periodic=False, dtype=torch.float64,
                                 beta=kaiser_beta(n, width / (fs / 2)))
    if radial:
        r = torch.hypot(*torch.meshgrid(m / fs, m / fs, indexing="ij"))
        h = torch.special.bessel_j1(2 * math.pi * cutoff * r) / (math.pi * r)
        h = h * torch.outer(window, window)
    else:
        h = torch.sinc(cutoff / (fs / 2) * m) * window
    return h / h.sum()


def layers(config):
    """Each layer: name, sizes, factors, pads, filters."""
    s, found = signals(config), []
    for i, out in enumerate(s):
        into = s[max(i - 1, 0)]
        rgb = i == 14
        k = 1 if rgb or config["variant"] == "R" else 3
        one = {"name": f"L{i}_{out[0]}_{out[2]}", "in": into, "out": out, "k": k,
               "rgb": rgb}
        if not rgb:
            fs = 2 * max(into[1], out[1])
            u, d = fs // into[1], fs // out[1]
            total = ((out[0] - 1) * d + 1 - (into[0] + k - 1) * u + 6 * u + 6 * d - 2)
            lo = (total + u) // 2
            radial = config["variant"] == "R" and i < 12
            one.update(u=u, d=d, lo=lo, hi=total - lo,
                       up=design_filter(6 * u, into[3], 2 * into[4], fs),
                       down=design_filter(6 * d, out[3], 2 * out[4], fs, radial))
        found.append(one)
    return found


def fourier(p, config, w):
    size, rate, _, cutoff, _ = signals(config)[0]
    t = dense_affine(p, "synthesis.input.affine", w)
    t = t / t[:, :2].norm(dim=1, keepdim=True)
    one, zero = torch.ones_like(t[:, 0]), torch.zeros_like(t[:, 0])

    def matrix(*rows):
        return torch.stack([torch.stack(row, -1) for row in rows], -2)

    turn = matrix((t[:, 0], -t[:, 1], zero), (t[:, 1], t[:, 0], zero),
                  (zero, zero, one))
    move = matrix((one, zero, -t[:, 2]), (zero, one, -t[:, 3]), (zero, zero, one))
    m = turn @ move @ p["synthesis.input.transform"]
    freqs = p["synthesis.input.freqs"] @ m[:, :2, :2]
    phases = (p["synthesis.input.phases"]
              + (p["synthesis.input.freqs"] @ m[:, :2, 2:])[..., 0])
    amplitude = (1 - (freqs.norm(dim=2) - cutoff) / (rate / 2 - cutoff)).clamp(0, 1)
    at = (2 * torch.arange(size, dtype=w.dtype) + 1 - size) / size * 0.5 * size / rate
    angle = (freqs[:, :, 0, None, None] * at[None, None, None, :]
             + freqs[:, :, 1, None, None] * at[None, None, :, None]
             + phases[:, :, None, None])
    x = torch.sin(2 * math.pi * angle) * amplitude[:, :, None, None]
    weight = p["synthesis.input.weight"]
    return torch.einsum("nchw,oc->nohw", x, weight / math.sqrt(len(weight)))


def stylegan3(p, config, ws):
    """Returns {"input": .., "L0_36_8": .., .., "img": ..}."""
    x = fourier(p, config, ws[:, 0])
    out = {"input": x}
    for i, layer in enumerate(layers(config)):
        name = "synthesis." + layer["name"]
        weight = p[name + ".weight"]
        s = style(p, name, ws[:, i + 1])
        if layer["rgb"]:
            weight = modulated(weight, s / math.sqrt(weight.shape[1]), False)
        else:
            weight = weight * weight.square().mean([1, 2, 3], keepdim=True).rsqrt()
            weight = modulated(weight, s * s.square().mean(1, keepdim=True).rsqrt())
        weight = weight * p[name + ".magnitude_ema"].reshape(()).rsqrt()
        x = each(x, weight, padding=layer["k"] - 1)
        x = x + p[name + ".bias"][:, None, None]
        if not layer["rgb"]:
            x = upfirdn(x, p[name + ".up_filter"], up=layer["u"], lo=layer["lo"],
                        hi=layer["hi"], gain=layer["u"] ** 2)
            x = clamp(lrelu(x), config["clamp"])
            x = upfirdn(x, p[name + ".down_filter"], down=layer["d"])
        else:
            x = clamp(x, config["clamp"])
        out[layer["name"]] = x
    out["img"] = x * 0.25
    return out


def stylegan3_shapes(config):
    c, shapes = signals(config)[0][2], mapping_shapes(config)
    shapes.update({"synthesis.input.weight": (c, c),
                   "synthesis.input.affine.weight": (4, config["w"]),
                   "synthesis.input.affine.bias": (4,),
                   "synthesis.input.freqs": (c, 2), "synthesis.input.phases": (c,),
                   "synthesis.input.transform": (3, 3)})
    for layer in layers(config):
        name = "synthesis." + layer["name"]
        i, o, k = layer["in"][2], layer["out"][2], layer["k"]
        shapes[name + ".weight"], shapes[name + ".bias"] = (o, i, k, k), (o,)
        shapes[name + ".affine.weight"] = (i, config["w"])
        shapes[name + ".affine.bias"] = (i,)
        shapes[name + ".magnitude_ema"] = ()
        if not layer["rgb"]:
            shapes[name + ".up_filter"] = tuple(layer["up"].shape)
            shapes[name + ".down_filter"] = tuple(layer["down"].shape)
    return shapes
