# SPDX-License-Identifier: LGPL-2.1-or-later
"""CLIP ViT-B/32's towers in other programs, to compare with.

    python3 bench/peer_clip.py --program build/tests/session/time_clip
        [--threads 2] [--count 20] [--peers eager,onnxruntime]

Weights are random, of ViT-B/32's size, and so are the merges of the tokenizer:
speed does not depend on them. One picture and one prompt at a time; of the
peers, only the towers are timed (pictures are prepared and texts are tokens
already), which favours them. They run all 77 places of a text, as CLIP does;
s2v stops at its end. The embeddings are compared before anything is timed: a
cosine of 0.9999 at least.

Each of three rounds times s2v and then the peers; figures are medians, and the
processor time of all threads beside, for a machine that is not idle. Prints one
JSON object a peer; one that cannot run has "why".
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "reference"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import programs  # noqa: E402
import tensorfile  # noqa: E402

ROUNDS = 3
SIDE, PATCH, CONTEXT, WORDS, EMBEDDING = 224, 32, 77, 49408, 512
MERGES = WORDS - 2 * 256 - 2
MEAN = (.48145466, .4578275, .40821073)
STD = (.26862954, .26130258, .27577711)


class Block(nn.Module):
    """One of a transformer's, under OpenAI's names."""

    def __init__(self, width, causal):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, width // 64)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width),
                                  "c_proj": nn.Linear(4 * width, width)})
        self.causal = causal

    def attend(self, x):
        """Multi-head attention of x [n, length, width]."""
        n, length, width = x.shape
        heads = self.attn.num_heads
        q, k, v = (y.reshape(n, length, heads, 64).transpose(1, 2)
                   for y in F.linear(x, self.attn.in_proj_weight,
                                     self.attn.in_proj_bias).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.attn.out_proj(y.transpose(1, 2).reshape(n, length, width))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        y = self.mlp["c_fc"](self.ln_2(x))
        return x + self.mlp["c_proj"](y * torch.sigmoid(1.702 * y))


def blocks(width, causal):
    """A transformer of twelve."""
    return nn.ModuleDict({"resblocks": nn.ModuleList(
        Block(width, causal) for _ in range(12))})


class Picture(nn.Module):
    """(n,3,224,224) -> (n,512)."""

    def __init__(self, width=768):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * 0.03)
        places = (SIDE // PATCH) ** 2 + 1
        self.positional_embedding = nn.Parameter(
            torch.randn(places, width) * 0.03)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = blocks(width, False)
        self.proj = nn.Parameter(torch.randn(width, EMBEDDING) * width ** -0.5)

    def forward(self, x):
        x = self.conv1(x).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(x.shape[0], 1, -1)
        x = self.ln_pre(torch.cat([first, x], 1) + self.positional_embedding)
        for block in self.transformer["resblocks"]:
            x = block(x)
        return F.normalize(self.ln_post(x[:, 0]) @ self.proj, dim=-1)


class Text(nn.Module):
    """Tokens (n,77), and where each text ends (n) -> (n,512)."""

    def __init__(self, width=512):
        super().__init__()
        self.token_embedding = nn.Embedding(WORDS, width)
        self.positional_embedding = nn.Parameter(
            torch.randn(CONTEXT, width) * 0.03)
        self.transformer = blocks(width, True)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(
            torch.randn(width, EMBEDDING) * width ** -0.5)

    def forward(self, tokens, end):
        x = self.token_embedding(tokens) + self.positional_embedding
        for block in self.transformer["resblocks"]:
            x = block(x)
        x = self.ln_final(x)[torch.arange(x.shape[0]), end]
        return F.normalize(x @ self.text_projection, dim=-1)


def write_merges(path):
    """As many merges as CLIP has, of pairs of symbols in order: a word becomes
    its letters by twos or so."""
    symbols = [chr(i) for i in (*range(33, 127), *range(161, 173),
                                *range(174, 256))]
    symbols += [chr(256 + i) for i in range(256 - len(symbols))]
    pairs = [(a, b) for a in symbols for b in symbols]
    with open(path, "w", encoding="utf-8") as file:
        file.write("#version\n")
        file.writelines("%s %s\n" % pair for pair in pairs[:MERGES])


def tokens_of(text):
    """The ids by those merges: each word's letters by twos from the left, the
    last one apart, since nothing merges with an end of word."""
    first = {chr(i): k for k, i in enumerate((*range(33, 127), *range(161, 173),
                                              *range(174, 256)))}
    ids = [WORDS - 2]
    for word in text.split():
        body, last = word[:-1], first[word[-1]] + 256
        ranks = {body[i:i + 2]: first[body[i]] * 256 + first[body[i + 1]]
                 for i in range(len(body) - 1)}
        parts = list(body)
        while len(parts) > 1:
            best = min((ranks.get(a + b, 1 << 30), i) for i, (a, b) in
                       enumerate(zip(parts, parts[1:])))
            if best[0] >= MERGES:
                break
            pair = parts[best[1]] + parts[best[1] + 1]
            i = 0
            while i < len(parts) - 1:
                if parts[i] + parts[i + 1] == pair and len(parts[i]) == 1 \
                        and len(parts[i + 1]) == 1:
                    parts[i:i + 2] = [pair]
                i += 1
        ids += [512 + ranks[x] if len(x) == 2 else first[x] for x in parts]
        ids.append(last)
    ids.append(WORDS - 1)
    return ids


def write_weights(path, picture, text):
    """Both towers under OpenAI's names."""
    tensors = {"visual." + k: v for k, v in picture.state_dict().items()}
    tensors.update(text.state_dict())
    tensors["logit_scale"] = torch.tensor(4.6052)
    tensorfile.write(path, {k: v.numpy() for k, v in tensors.items()}, {})


def prepared(rgb):
    """Bytes [224, 224, 3] as the tower sees them."""
    x = torch.from_numpy(rgb).float().permute(2, 0, 1)[None] / 255
    return ((x - torch.tensor(MEAN)[:, None, None])
            / torch.tensor(STD)[:, None, None])


def cosine(a, b):
    """Of two vectors."""
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def make(peer, module, example, folder, threads):
    """A call of the peer."""
    if peer == "onnxruntime":
        return programs.make_onnxruntime(programs.export(module, example),
                                         True, threads)
    maker = {"eager": programs.make_eager, "compile": programs.make_compile}
    return maker[peer](module, "f32")


def time_call(call, inputs, count):
    """Milliseconds, the median, and of processor time."""
    call(*inputs)
    times, before = [], time.process_time()
    for _ in range(count):
        start = time.perf_counter()
        call(*inputs)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), 1e3 * (time.process_time() - before) / count


def measure(peer, towers, inputs, right, own, arguments):
    """One peer's row: right are embeddings, own() times s2v."""
    calls = [make(peer, tower, x, None, arguments.threads)
             for tower, x in zip(towers, inputs)]
    for (call, _), x, want in zip(calls, inputs, right):
        found = cosine(np.asarray(call(*x)[0]).reshape(-1), want)
        if found < 0.9999:
            raise ValueError("its embedding differs: cosine %.5f" % found)
    rounds = []
    for _ in range(ROUNDS):
        mine = own()
        rounds.append([(mine[name + "_ms"], mine[name + "_cpu_ms"],
                        *time_call(call, x, arguments.count))
                       for name, (call, _), x in
                       zip(("picture", "prompt"), calls, inputs)])
    row = {"version": calls[0][1], "tokens": mine["tokens"]}
    for i, name in enumerate(("pictures", "prompts")):
        ms, cpu, peer_ms, peer_cpu = (statistics.median(r[i][k] for r in rounds)
                                      for k in range(4))
        row.update({"s2v_%s_per_second" % name: round(1e3 / ms, 2),
                    "%s_per_second" % name: round(1e3 / peer_ms, 2),
                    "%s_ratio" % name: round(statistics.median(
                        r[i][2] / r[i][0] for r in rounds), 3),
                    "%s_cpu_ratio" % name: round(statistics.median(
                        r[i][3] / r[i][1] for r in rounds), 3)})
    return row


def main():
    """Makes the files, compares, measures, and prints the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--peers", default="eager,onnxruntime")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    towers = Picture().eval().requires_grad_(False), Text().eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as folder:
        weights, merges, rgb, out = (os.path.join(folder, name) for name in (
            "clip.bin", "merges", "rgb", "out"))
        write_weights(weights, *towers)
        write_merges(merges)
        picture = np.random.default_rng(1).integers(
            0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        picture.tofile(rgb)
        words = [arguments.program, weights, merges, str(arguments.threads)]

        def own(count=arguments.count, more=()):
            said = subprocess.run([*words, str(count), *more], check=True,
                                  stdout=subprocess.PIPE)
            return json.loads(said.stdout)
        own(1, (rgb, out))
        right = np.fromfile(out, np.float32).reshape(2, EMBEDDING)
        ids = tokens_of("a photo of heavy rain over a lake at dusk")
        tokens = torch.zeros(1, CONTEXT, dtype=torch.long)
        tokens[0, :len(ids)] = torch.tensor(ids)
        inputs = (prepared(picture),), (tokens, torch.tensor([len(ids) - 1]))
        for peer in arguments.peers.split(","):
            row = programs.row_of(peer, "f32", lambda: measure(
                peer, towers, inputs, right, own, arguments))
            print(json.dumps({"peer": peer, "threads": arguments.threads, **row}),
                  flush=True)


if __name__ == "__main__":
    sys.exit(main())
