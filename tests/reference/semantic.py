# SPDX-License-Identifier: LGPL-2.1-or-later
"""The networks of "Sound-guided Semantic Video Generation" in PyTorch.

Lee et al., ECCV 2022, written from the paper and from lists of
the published weights' names, and not from the C code. Parameters are a dictionary
of tensors under their published names, each network's names after `prefix`; `*_shapes`
lists them. n pictures, sounds or clips; T frames; L style codes, w wide.
"""

import torch
from torch.nn import functional as F

EPS = 1e-5  # of every norm
MOMENTUM = 0.1
SLOPE = 0.2  # of LReLU, but for map2style's
HEAD_SLOPE = 0.01


def dense(p, name, x):
    return F.linear(x, p[name + ".weight"], p.get(name + ".bias"))


def conv(p, name, x, stride=1, padding=0):
    f = F.conv2d if x.dim() == 4 else F.conv3d
    return f(x, p[name + ".weight"], p.get(name + ".bias"), stride, padding)


def lrelu(x):
    return F.leaky_relu(x, SLOPE)


def with_bias(shapes, name, weight):
    shapes[name + ".weight"] = weight
    shapes[name + ".bias"] = weight[:1]


# ---- E_a: the encoder of pSp, of IR-SE units ----
#
# config: channels, of the picture; units, of each depth ([3, 4, 14, 3]); widths
# ([64, 128, 256, 512]), the last also the feature pyramid's; reduction (16); codes L;
# coarse, middle: codes from these on see p2, p1 (3, 7); code, a code's width (512);
# head: psp | code; size, the picture's side (256).


def units(config):
    """(input width, output width, stride) of each IR-SE unit."""
    found, before = [], config["widths"][0]
    for width, count in zip(config["widths"], config["units"]):
        for i in range(count):
            found.append((before, width, 2 if i == 0 else 1))
            before = width
    return found


def head_convs(config, j):
    """Convolutions of head j: log2 of the side of what it sees."""
    side = config["size"] // 16  # of c3
    if j >= config["coarse"]:
        side *= 2
    if j >= config["middle"]:
        side *= 2
    return side.bit_length() - 1


def norm_shapes(shapes, name, width):
    for part in ("weight", "bias", "running_mean", "running_var"):
        shapes[f"{name}.{part}"] = (width,)


def unit_shapes(shapes, name, before, width, reduction):
    r = name + ".res_layer."
    norm_shapes(shapes, r + "0", before)
    shapes[r + "1.weight"] = (width, before, 3, 3)
    shapes[r + "2.weight"] = (width,)
    shapes[r + "3.weight"] = (width, width, 3, 3)
    norm_shapes(shapes, r + "4", width)
    shapes[r + "5.fc1.weight"] = (width // reduction, width, 1, 1)
    shapes[r + "5.fc2.weight"] = (width, width // reduction, 1, 1)
    if before != width:
        shapes[name + ".shortcut_layer.0.weight"] = (width, before, 1, 1)
        norm_shapes(shapes, name + ".shortcut_layer.1", width)


def psp_shapes(config, prefix=""):
    shapes, widths, top = {}, config["widths"], config["widths"][3]
    shapes[prefix + "input_layer.0.weight"] = (widths[0], config["channels"], 3, 3)
    norm_shapes(shapes, prefix + "input_layer.1", widths[0])
    shapes[prefix + "input_layer.2.weight"] = (widths[0],)
    for i, (before, width, _) in enumerate(units(config)):
        unit_shapes(shapes, f"{prefix}body.{i}", before, width, config["reduction"])
    with_bias(shapes, prefix + "latlayer1", (top, widths[2], 1, 1))
    with_bias(shapes, prefix + "latlayer2", (top, widths[1], 1, 1))
    for j in range(config["codes"]):
        before = top
        for k in range(head_convs(config, j)):
            with_bias(shapes, f"{prefix}styles.{j}.convs.{2 * k}",
                      (config["code"], before, 3, 3))
            before = config["code"]
        with_bias(shapes, f"{prefix}styles.{j}.linear",
                  (config["code"], config["code"]))
    return shapes


def batch_norm(p, name, x, new):
    """By running statistics; given `new`, by the batch's, and the running ones
    of after the step are put there."""
    mean, var = p[name + ".running_mean"], p[name + ".running_var"]
    if new is not None:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        m = x.numel() // x.shape[1]
        for part, value in (("mean", mean), ("var", var * m / (m - 1))):
            key = f"{name}.running_{part}"
            new[key] = (1 - MOMENTUM) * p[key] + MOMENTUM * value.detach()

    def each(v):
        return v[None, :, None, None]

    y = (x - each(mean)) / (each(var) + EPS).sqrt()
    return y * each(p[name + ".weight"]) + each(p[name + ".bias"])


def prelu(p, name, x):
    return F.prelu(x, p[name + ".weight"])


def residual(p, name, x, stride, new):
    """Before the squeeze and excitation."""
    r = name + ".res_layer."
    y = conv(p, r + "1", batch_norm(p, r + "0", x, new), padding=1)
    y = conv(p, r + "3", prelu(p, r + "2", y), stride, 1)
    return batch_norm(p, r + "4", y, new)


def excite(p, name, x):
    s = F.relu(conv(p, name + ".fc1", x.mean((2, 3), keepdim=True)))
    return x * torch.sigmoid(conv(p, name + ".fc2", s))


def unit(p, name, x, stride, new=None):
    y = excite(p, name + ".res_layer.5", residual(p, name, x, stride, new))
    s = name + ".shortcut_layer."
    if s + "0.weight" in p:
        return y + batch_norm(p, s + "1", conv(p, s + "0", x, stride), new)
    return y + x[:, :, ::stride, ::stride]


def stem(p, prefix, x, new=None):
    x = conv(p, prefix + "input_layer.0", x, padding=1)
    x = batch_norm(p, prefix + "input_layer.1", x, new)
    return prelu(p, prefix + "input_layer.2", x)


def lateral(p, name, above, beside):
    up = F.interpolate(above, beside.shape[2:], mode="bilinear", align_corners=True)
    return up + conv(p, name, beside)


def head_features(p, name, x):
    """map2style's convolutions: (n,C,s,s) -> (n,C)"""
    k = 0
    while f"{name}.convs.{k}.weight" in p:
        x = conv(p, f"{name}.convs.{k}", x, 2, 1)
        x = F.leaky_relu(x, HEAD_SLOPE)
        k += 2
    return x.flatten(1)


def head_code(p, name, x, kind):
    """The same two tensors, as pSp reads them or as the published code does."""
    w, b = p[name + ".linear.weight"], p[name + ".linear.bias"]
    if kind == "psp":
        return F.linear(x, w / w.shape[1] ** 0.5, b)
    return F.leaky_relu(F.linear(x, w, b), HEAD_SLOPE)


def psp(p, config, x, prefix="", new=None):
    """{c1, c2, c3, p2, p1, codes (n,L,w)}"""
    found = []
    x = stem(p, prefix, x, new)
    last = [sum(config["units"][:k]) - 1 for k in range(2, 5)]  # 6, 20, 23
    for i, (_, _, stride) in enumerate(units(config)):
        x = unit(p, f"{prefix}body.{i}", x, stride, new)
        if i in last:
            found.append(x)
    c1, c2, c3 = found
    p2 = lateral(p, prefix + "latlayer1", c3, c2)
    p1 = lateral(p, prefix + "latlayer2", p2, c1)
    codes = []
    for j in range(config["codes"]):
        seen = c3 if j < config["coarse"] else p2 if j < config["middle"] else p1
        y = head_features(p, f"{prefix}styles.{j}", seen)
        codes.append(head_code(p, f"{prefix}styles.{j}", y, config["head"]))
    return {"c1": c1, "c2": c2, "c3": c3, "p2": p2, "p1": p1,
            "codes": torch.stack(codes, 1)}


# ---- the small networks: four residual blocks, a mean, a linear layer ----
#
# config: widths ([32, 64, 128, 128]); width (128); groups, codes of each; w.


def trunk_shapes(config, channels, prefix=""):
    shapes, before = {}, channels
    for i, width in enumerate(config["widths"]):
        b = f"{prefix}block{i}"
        with_bias(shapes, b + ".conv0", (width, before, 3, 3))
        with_bias(shapes, b + ".conv1", (width, width, 3, 3))
        shapes[b + ".skip.weight"] = (width, before, 1, 1)
        before = width
    with_bias(shapes, prefix + "fc", (config["width"], before))
    return shapes


def trunk(p, x, prefix=""):
    """(n,C,H,W) -> (n,width); nothing follows a block's sum."""
    for i in range(4):
        b = f"{prefix}block{i}"
        y = conv(p, b + ".conv1", lrelu(conv(p, b + ".conv0", x, 2, 1)), 1, 1)
        x = y + conv(p, b + ".skip", x, 2)
    return dense(p, prefix + "fc", x.mean((2, 3)))


def inversion_shapes(config, prefix=""):
    shapes = trunk_shapes(config, 1, prefix)
    for g, codes in enumerate(config["groups"]):
        with_bias(shapes, f"{prefix}head{g}", (codes * config["w"], config["width"]))
    return shapes


def inversion(p, config, sound, prefix=""):
    """The small E_a: (n,1,bands,columns) -> (n,width), (n,L,w)"""
    features = trunk(p, sound, prefix)
    codes = [dense(p, f"{prefix}head{g}", features).reshape(-1, n, config["w"])
             for g, n in enumerate(config["groups"])]
    return features, torch.cat(codes, 1)


def embedding_shapes(config, prefix=""):
    """config also: words V; word, a vector's width (64); hidden (128)."""
    shapes = trunk_shapes(config, 3, prefix + "picture.")
    shapes.update(trunk_shapes(config, 1, prefix + "sound."))
    shapes[prefix + "text.words"] = (config["words"], config["word"])
    with_bias(shapes, prefix + "text.fc0", (config["hidden"], config["word"]))
    with_bias(shapes, prefix + "text.fc1", (config["width"], config["hidden"]))
    shapes[prefix + "logit_scale"] = ()
    return shapes


def embed_picture(p, config, x, prefix=""):
    """(n,3,H,W) in [-1,1], brought to the embedding's size. Halving it is the mean
    of 2 x 2 pixels."""
    size = (config["size"], config["size"])
    if x.shape[2:] != size:
        x = F.interpolate(x, size, mode="bilinear", align_corners=False)
    return trunk(p, x, prefix + "picture.")


def embed_sound(p, x, prefix=""):
    return trunk(p, x, prefix + "sound.")


def embed_text(p, words, prefix=""):
    """words (n,most): numbers of words, -1 for none. The mean of their vectors,
    a word that comes twice counting twice."""
    known = (words >= 0).to(p[prefix + "text.words"].dtype)
    vectors = p[prefix + "text.words"][words.clamp(min=0).long()] * known[..., None]
    mean = vectors.sum(1) / known.sum(1, keepdim=True)
    return dense(p, prefix + "text.fc1", lrelu(dense(p, prefix + "text.fc0", mean)))


# ---- E_RNN (eq. 4, 5) ----
#
# config: groups, codes of each; w; layers (5), hidden (512), bidirectional,
# noise_fc, blend.


def directions(config):
    return 2 if config["bidirectional"] else 1


def suffixes(config):
    """Of the cells in the order of the state's rows."""
    return [f"l{k}{way}" for k in range(config["layers"])
            for way in ("", "_reverse")[:directions(config)]]


def group_shapes(config, size, prefix=""):
    shapes, hidden = {}, config["hidden"]
    for i, suffix in enumerate(suffixes(config)):
        below = size if i < directions(config) else directions(config) * hidden
        for kind, wide in (("ih", below), ("hh", hidden)):
            shapes[f"{prefix}rnn.weight_{kind}_{suffix}"] = (3 * hidden, wide)
            shapes[f"{prefix}rnn.bias_{kind}_{suffix}"] = (3 * hidden,)
    with_bias(shapes, prefix + "fc", (size, directions(config) * hidden))
    if config["noise_fc"]:
        rows = len(suffixes(config)) * hidden
        with_bias(shapes, prefix + "audio_noise_fc", (rows, rows))
    return shapes


def recurrent_shapes(config, prefix=""):
    shapes = {}
    for g, codes in enumerate(config["groups"]):
        shapes.update(group_shapes(config, codes * config["w"], f"{prefix}{g}."))
    return shapes


def gru_cell(p, prefix, suffix, x, h):
    a = F.linear(x, p[f"{prefix}rnn.weight_ih_{suffix}"],
                 p[f"{prefix}rnn.bias_ih_{suffix}"]).chunk(3, 1)
    b = F.linear(h, p[f"{prefix}rnn.weight_hh_{suffix}"],
                 p[f"{prefix}rnn.bias_hh_{suffix}"]).chunk(3, 1)
    r, z = torch.sigmoid(a[0] + b[0]), torch.sigmoid(a[1] + b[1])
    n = torch.tanh(a[2] + r * b[2])
    return (1 - z) * n + z * h


def group_step(p, config, x, h, prefix=""):
    """x (n,size), h (n,cells,hidden) -> w (n,size), the new h. Over a sequence of
    length 1 both directions see the same input."""
    if config["noise_fc"]:
        h = dense(p, prefix + "audio_noise_fc", h.flatten(1)).reshape(h.shape)
    below, rows, ways = x, [], directions(config)
    for i, suffix in enumerate(suffixes(config)):
        rows.append(gru_cell(p, prefix, suffix, below, h[:, i]))
        if (i + 1) % ways == 0:
            below = torch.cat(rows[-ways:], 1)
    return x + dense(p, prefix + "fc", below), torch.stack(rows, 1)


def initial_state(config, like):
    shape = (len(like), len(suffixes(config)), config["hidden"])
    return [like.new_zeros(shape) for _ in config["groups"]]


def recurrent(p, config, w, delta, prefix=""):
    """w (n,L,w), the start code; delta (n,T,L,w), E_a of each frame's sound.
    Returns w^t (n,T,L,w), the blended ones, the last state of each group."""
    h, steps, codes = initial_state(config, w), [], []
    for t in range(delta.shape[1]):
        x = (w + delta[:, t]).split(config["groups"], 1)
        made = []
        for g, part in enumerate(x):
            y, h[g] = group_step(p, config, part.flatten(1), h[g], f"{prefix}{g}.")
            made.append(y.reshape(part.shape))
        steps.append(torch.cat(made, 1))
        w = config["blend"] * steps[-1] + (1 - config["blend"]) * w
        codes.append(w)
    return torch.stack(steps, 1), torch.stack(codes, 1), h


# ---- discriminators ----


def instance_norm(x):
    axes = tuple(range(2, x.dim()))
    mean = x.mean(axes, keepdim=True)
    var = (x - mean).square().mean(axes, keepdim=True)
    return (x - mean) / (var + EPS).sqrt()


def d_i_layers(config):
    """Halvings down to 4x4. config: size (256), first (64)."""
    return config["size"].bit_length() - 3


def d_i_index(i):
    """The place of convolution i among those, norms and activations."""
    return 0 if i == 0 else 3 * i - 1


def d_i_shapes(config, prefix=""):
    shapes, before = {}, 3
    for i in range(d_i_layers(config)):
        width = config["first"] * min(2 ** i, 8)
        shapes[f"{prefix}main.{d_i_index(i)}.weight"] = (width, before, 4, 4)
        before = width
    last = d_i_index(d_i_layers(config))
    shapes[f"{prefix}main.{last}.weight"] = (1, before, 4, 4)
    return shapes


def d_i(p, config, x, prefix=""):
    """Frames (n,3,N,N) -> each activation, the last the map (n,1,1,1)."""
    found = []
    for i in range(d_i_layers(config)):
        x = conv(p, f"{prefix}main.{d_i_index(i)}", x, 2, 1)
        x = lrelu(instance_norm(x) if i else x)
        found.append(x)
    last = d_i_index(d_i_layers(config))
    return found + [conv(p, f"{prefix}main.{last}", x)]


def d_v_shapes(config, prefix=""):
    """config: channels (3, 6), first (64)."""
    shapes = {}
    for scale in (1, 0):
        before = config["channels"]
        for i in range(5):
            width = config["first"] * 2 ** i if i < 4 else 1
            with_bias(shapes, f"{prefix}netD.scale{scale}_layer{i}.0",
                      (width, before, 4, 4, 4))
            before = width
    return shapes


def halve_video(video):
    """In width and height, above 16 frames in time too."""
    time = 2 if video.shape[2] > 16 else 1
    return F.avg_pool3d(video, 3, (time, 2, 2), 1, count_include_pad=False)


def d_v_scale(p, name, x):
    found = []
    for i in range(5):
        x = conv(p, f"{name}_layer{i}.0", x, 2 if i < 3 else 1, 2)
        if 0 < i < 4:
            x = instance_norm(x)
        if i < 4:
            x = lrelu(x)
        found.append(x)
    return found


def d_v(p, config, video, prefix=""):
    """MoCoGAN-HD's: (n,C,T,H,W) -> activations of scale 1, the whole size, and of
    scale 0; the last of each is the map."""
    del config
    return [d_v_scale(p, prefix + "netD.scale1", video),
            d_v_scale(p, prefix + "netD.scale0", halve_video(video))]


def d_v_frame_shapes(config, prefix=""):
    """config: channels (3), first (32)."""
    shapes, before = {}, config["channels"]
    for i in range(4):
        width = config["first"] * 2 ** i
        with_bias(shapes, f"{prefix}layer{i}", (width, before, 1, 3, 3))
        before = width
    with_bias(shapes, prefix + "layer4", (before, before, 1, 1, 1))
    return shapes


def d_v_frame(p, config, video, mask, prefix=""):
    """The published code's. What is known of it leaves open, and is chosen here:
    that all layers have a bias, LReLU 0.2 after the first four, one dropout, before
    the last layer (`mask`: 0 or 1/0.75)."""
    del config
    x, found = video, []
    for i in range(4):
        x = conv(p, f"{prefix}layer{i}", x, (1, 2, 2), (0, 1, 1))
        x = lrelu(instance_norm(x) if i else x)
        found.append(x)
    return found + [conv(p, prefix + "layer4", x * mask)]
