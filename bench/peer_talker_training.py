# SPDX-License-Identifier: LGPL-2.1-or-later
"""Training iterations of MAN in PyTorch, to compare s2v-train man with.

    python3 bench/peer_talker_training.py --weights medium.bin
        --stage predictor|frames|joint|critics --batch 4 --threads 2

The stages are those of train/recipes/man_trainer.c: the predictor alone; the
generator beside it, no gradient flowing from one to the other, or flowing; and
all against the critics.  Losses are tests/reference/man.py's, with Adam and
moving averages as there.  Batches are random numbers, in memory.  The file
gives configuration and first weights; those of posterior and critics are
PyTorch's.

The networks are peer_man.py's form of them, eager, in the faster memory layout
by a short trial.  --check compares a batch's loss without critics and its
gradients with those of the plain modules, in double precision (in single, what
is near a kink of a leaky ReLU differs): largest difference, of the largest
value, at most 1e-6.  Prints one JSON object.
"""

import argparse
import json
import resource
import statistics
import time

import torch

import peer_man
import man

DETAILS, RATE, CRITIC_RATE, AVERAGE = 8, 1e-4, 4e-4, 0.999
STAGES = ("predictor", "frames", "joint", "critics")


def batch_of(config, n):
    """Random inputs and truth."""
    size, side = config["size"], config["geometry_size"]
    features = torch.cat([0.4 * torch.randn(n, man.COLUMNS * (
        man.BANDS + man.MFCC)), torch.randint(
            0, man.LEVELS, (n, 2 * man.COLUMNS)).to(torch.get_default_dtype())], 1)
    return {"portrait": 2 * torch.rand(n, 3, size, size) - 1,
            "real": 2 * torch.rand(n, 3, size, size) - 1,
            "previous": 2 * torch.rand(n, 15, side, side) - 1,
            "features": features, "controls": 0.1 * torch.randn(n, 4),
            "truth": torch.rand(n, 17, side, side),
            "given": (torch.rand(n, 1, 1, 1) < 0.5) + 0.0,
            "known": (torch.rand(n, 1) < 0.25) + 0.0}


def draw_z(model, b):
    """The posterior's z where that is known, else of N(0, 1)."""
    mean, log_variance = model.posterior(b["truth"])
    seen = mean + (log_variance / 2).exp() * torch.randn_like(mean)
    return torch.lerp(torch.randn_like(mean), seen, b["known"]), (
        mean, log_variance)


def run_talker(talker, state, b, z, stage):
    """(frames, geometry) in peer_man.py's form."""
    inputs = (b["portrait"], b["previous"], b["features"], b["controls"], z,
              b["truth"], b["given"], stage == "frames", stage != "predictor")
    return torch.func.functional_call(talker, state, inputs)


def run_plain(model, b, z, stage):
    """The same in the plain modules."""
    geometry = model.predict(b["portrait"], b["previous"], b["features"],
                             b["controls"], z)
    if stage == "predictor":
        return None, geometry
    seen = geometry.detach() if stage == "frames" else geometry
    seen = torch.lerp(seen, b["truth"], b["given"])
    frames, _ = model.generate(b["portrait"], seen, b["features"])
    return frames, geometry


def loss_of(critics, b, made, posterior):
    """What the generator minimises."""
    frames, geometry = made
    seen = torch.ones(len(geometry), 15)
    return man.generator_loss(critics, b["real"], frames, b["portrait"],
                              geometry, b["truth"], seen, posterior,
                              DETAILS)["loss"]


class Training:
    """A training in one stage."""

    def __init__(self, model, stage):
        self.model, self.stage = model, stage
        self.talker = peer_man.Talker(model.config)
        self.critics = (man.Critics(model.config) if stage == "critics"
                        else None)
        learned = [p for name, p in model.named_parameters()
                   if stage != "predictor" or name.startswith(
                       ("predictor.", "posterior."))]
        self.adam = self.make_adam(learned, RATE)
        self.learned = learned
        self.averages = [p.detach().clone() for p in learned]
        if self.critics:
            self.critic_adam = self.make_adam(self.critics.parameters(),
                                              CRITIC_RATE)

    @staticmethod
    def make_adam(parameters, rate):
        return torch.optim.Adam(parameters, lr=rate, betas=(0.0, 0.9), eps=1e-8,
                                fused=True)

    def iterate(self, b):
        """One iteration: the critics' step, then the generator's."""
        z, posterior = draw_z(self.model, b)
        made = run_talker(self.talker, peer_man.fold(self.model), b, z,
                          self.stage)
        if self.critics:
            self.learn_critics(b, made[0])
        self.adam.zero_grad(set_to_none=True)
        loss = loss_of(self.critics, b, made, posterior)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.learned, 1 - AVERAGE)
        return loss.item()

    def learn_critics(self, b, frames):
        self.critics.requires_grad_(True)
        self.critic_adam.zero_grad(set_to_none=True)
        man.critic_loss(self.critics, b["real"], frames,
                        b["portrait"])["loss"].backward()
        self.critic_adam.step()
        self.critics.requires_grad_(False)


def set_layout(training, layout):
    memory = getattr(torch, layout)
    for module in (training.model, training.critics):
        if module:
            module.to(memory_format=memory)
    training.talker.memory = memory


def check(model, stage, b):
    """The largest relative difference of loss and gradients to the plain
    modules'."""
    z = torch.randn(len(b["known"]), model.config["z"])
    results = []
    for plain in (True, False):
        man.norm = PLAIN_NORM if plain else peer_man.group_norm
        made = (run_plain(model, b, z, stage) if plain else run_talker(
            peer_man.Talker(model.config), peer_man.fold(model), b, z, stage))
        loss = loss_of(None, b, made, None)
        parameters = list(model.parameters())
        results.append([loss.detach()] + [
            g for g in torch.autograd.grad(loss, parameters,
                                           allow_unused=True)
            if g is not None])
    (one, *ones), (other, *others) = results
    most = max(g.abs().max() for g in ones)
    worst = max((x - y).abs().max() for x, y in zip(ones, others)) / most
    worst = max(worst, (one - other).abs() / one.abs()).item()
    if not worst <= 1e-6:
        raise SystemExit("loss or gradients differ by %.1e of the plain "
                         "modules', expected 1e-6" % worst)
    return worst


PLAIN_NORM = man.norm


def main():
    """Checks, measures, and prints the row."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--stage", default="critics", choices=STAGES)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--check", action="store_true",
                        help="compare with the plain modules, time nothing: "
                        "they need much more memory")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    model = peer_man.read(arguments.weights)
    model.posterior = man.Posterior(model.config)
    model.requires_grad_(True)
    if arguments.check:
        torch.set_default_dtype(torch.float64)
        model.double()
    b = batch_of(model.config, arguments.batch)
    if arguments.check:
        print(json.dumps({"difference": check(model, arguments.stage, b)}))
        return
    man.norm = peer_man.group_norm
    training = Training(model, arguments.stage)

    def time_iterations(layout, count):
        set_layout(training, layout)
        times = []
        for _ in range(count):
            begin = time.perf_counter()
            training.iterate(b)
            times.append((time.perf_counter() - begin) * 1e3)
        return times[1:]

    layout = min(("contiguous_format", "channels_last"),
                 key=lambda name: min(time_iterations(name, 3)))
    begin = time.process_time()
    times = time_iterations(layout, arguments.iterations + 1)
    used = (time.process_time() - begin) / (arguments.iterations + 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"ms": [round(x, 1) for x in times], "layout": layout,
                      "cpu_ms": round(1e3 * used, 1),
                      "rss_mb": round(peak / 1024),
                      "torch": torch.__version__}))


if __name__ == "__main__":
    main()
