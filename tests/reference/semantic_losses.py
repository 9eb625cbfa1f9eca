# SPDX-License-Identifier: LGPL-2.1-or-later
"""The losses of "Sound-guided Semantic Video Generation" in PyTorch.

Eq. 2, 3 and 7-9 of the paper, in the forms that can be trained: eq. 7 and 8 print
1 - log D for log(1 - D), and with the least squares used here neither is needed;
eq. 3's average code is printed as a sum over t, and is the mean. Eq. 3's second term
is called a <-> t, but by the paper's words it compares the picture with the text; so
it is clip_tv here. Also the joint embedding's contrastive loss, and the paired terms
of table 3b but for LPIPS (perceptual.py).
"""

import torch

import semantic


def similarity(a, b):
    """Cosine, of the last axis."""
    return (unit(a) * unit(b)).sum(-1)


def unit(x):
    return x / x.square().sum(-1, keepdim=True).sqrt()


# ---- the joint embedding ----


def soft_targets(scene, third):
    """(n,n): pairs of one scene and one third of the intensity are equally right;
    each row has the sum 1."""
    same = (scene[:, None] == scene) & (third[:, None] == third)
    return same.double() / same.double().sum(1, keepdim=True)


def info_nce(a, b, targets, logit_scale):
    """The mean of both ways. The parameter logit_scale is the scale's logarithm, as
    CLIP's; training keeps it at most ln 100 (after a step)."""
    logits = logit_scale.exp() * unit(a) @ unit(b).T
    targets = targets.to(logits.dtype)  # symmetric
    ways = [-(targets * x.log_softmax(1)).sum(1).mean() for x in (logits, logits.T)]
    return (ways[0] + ways[1]) / 2


def embedding_losses(p, config, x, prefix=""):
    """x: picture, sound, words, scene, third; mask (n,1,bands,columns), 0 where
    SpecAugment removes. Four terms and `loss`, their mean; what was embedded."""
    made = {"picture": semantic.embed_picture(p, config, x["picture"], prefix),
            "sound": semantic.embed_sound(p, x["sound"], prefix),
            "masked": semantic.embed_sound(p, x["sound"] * x["mask"], prefix),
            "text": semantic.embed_text(p, x["words"], prefix)}
    targets = soft_targets(x["scene"], x["third"])
    terms = {}
    for name, a, b in (("sound_picture", "sound", "picture"),
                       ("sound_text", "sound", "text"),
                       ("picture_text", "picture", "text"),
                       ("sound_sound", "sound", "masked")):
        terms[name] = info_nce(made[a], made[b], targets, p[prefix + "logit_scale"])
    terms["loss"] = sum(terms.values()) / 4
    return {**made, "targets": targets}, terms


# ---- eq. 7, 8: least squares (Mao et al. 2017) ----


def least_squares(real, fake):
    """Of a discriminator, of one map."""
    return (real - 1).square().mean() / 2 + fake.square().mean() / 2


def d_v_loss(real, fake):
    """The mean over each map, the sum of the scales."""
    return sum(least_squares(r[-1], f[-1]) for r, f in zip(real, fake))


def g_video_loss(fake):
    return sum((f[-1] - 1).square().mean() for f in fake)


def g_image_loss(fake):
    return (fake[-1] - 1).square().mean()


def frames_of(video):
    """(n,C,T,H,W) -> (nT,C,H,W), clip by clip."""
    return video.transpose(1, 2).flatten(0, 1)


def video_of(frames, n):
    return frames.unflatten(0, (n, -1)).transpose(1, 2)


# ---- eq. 2, 3 ----


def clip_similarities(p, config, video, sound, words, prefix=""):
    """(n,T) each: frame t with the sound that it hears, and with its clip's text."""
    n, t = video.shape[0], video.shape[2]
    seen = semantic.embed_picture(p, config, frames_of(video), prefix)
    heard = semantic.embed_sound(p, sound, prefix)
    said = semantic.embed_text(p, words, prefix)
    return (similarity(seen, heard).reshape(n, t),
            similarity(seen.reshape(n, t, -1), said[:, None]))


def identity(codes):
    """mean |w^t - mean over t of w^t|^2: codes (n,T,L,w)"""
    return (codes - codes.mean(1, keepdim=True)).square().mean()


def encoder_terms(av, tv, codes):
    return {"clip_av": (1 - av).mean(), "clip_tv": (1 - tv).mean(),
            "identity": identity(codes)}


def encoder_loss(config, terms):
    """L_enc."""
    return (config["lambda_clip"] * (terms["clip_av"] + terms["clip_tv"])
            + config["lambda_b"] * terms["identity"])


# ---- E_a alone: table 3b ----


def paired_terms(video, real, delta):
    """The norm is of all of a frame's codes together, not squared, as pSp's: its
    gradient at 0, where training starts, is taken as 0."""
    norms = delta.flatten(0, 1).flatten(1).square().sum(1).sqrt()
    return {"mse": (video - real).square().mean(), "norm": norms.mean()}


def paired_loss(config, terms):
    """But for 0.8 LPIPS."""
    return (terms["mse"] + config["lambda_norm"] * terms["norm"]
            + encoder_loss(config, terms))


# ---- eq. 9 ----


def discriminator_terms(p, config, video, real):
    """The discriminators' losses; `video` is not to be learned by."""
    video, frames = video.detach(), frames_of(video.detach())
    v = [semantic.d_v(p, config["d_v"], x, "d_v.") for x in (real, video)]
    i = [semantic.d_i(p, config["d_i"], x, "d_i.") for x in (frames_of(real), frames)]
    return {"d_video": d_v_loss(*v), "d_image": least_squares(i[0][-1], i[1][-1])}


def generator_terms(p, config, video):
    return {"g_video": g_video_loss(semantic.d_v(p, config["d_v"], video, "d_v.")),
            "g_image": g_image_loss(semantic.d_i(p, config["d_i"],
                                                 frames_of(video), "d_i."))}


def generator_loss(config, terms):
    return (terms["g_video"] + terms["g_image"]
            + config["lambda_enc"] * terms["enc"])
