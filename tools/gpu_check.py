"""Does the library compute rightly on this machine's GPU, and how fast? Eight minutes; each number is a row.

usage: gpu_check.py [--pretend] [--minutes M] [--out FILE]
  --pretend    a rehearsal without a GPU: tiny shapes on a pretended one, whose times mean nothing
  --minutes M  no part begins after so many minutes (8)
  --out FILE   where the rows go (figures/gpu.csv)

The parts: what matrix products reach; losses of seven trainings beside the processor's; tokens a second of
three encoders in eager mode, compiled, and with CUDA graphs; their memory; what a step waits for; a whole
training on docstrings, beside models that count. A row is on the disk when it is known; so is a failure."""

import argparse
import csv
import importlib
import os
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ctx_transformers import authors, chars, context, documents, ranking
from ctx_transformers.data.groups import plan_attention
from ctx_transformers.data.small import small_tables
from ctx_transformers.eval.cost import relative_speed
from ctx_transformers.models.config import EncoderCfg
from ctx_transformers.models.encoder import Encoder
from ctx_transformers.models.mlm_head import MLMHead
from ctx_transformers.train.config import TrainCfg
from ctx_transformers.train.optim import Part, adamw
from ctx_transformers.train.pretend_cuda import PretendCuda, can_pretend

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = (
    "part name setting value unit at_most ok note second device torch commit".split()
)
TOLERANCES = dict(
    fp32=1e-4, bf16=1e-2
)  # largest difference of a loss from the processor's
SHAPES = {  # layers, width, heads, feed-forward width, words
    "4x256": (4, 256, 4, 1024, 30_522),
    "6x384": (6, 384, 6, 1536, 30_522),
    "12x768": (12, 768, 12, 3072, 50_368),
}
MODES = dict(eager=None, compiled="default", graphs="reduce-overhead")


class Rows:
    "A table that is on the disk as far as it is known."

    def __init__(self, path, device):
        self.path = Path(path)
        self.start = time.monotonic()
        git = ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
        self.about = dict(device=device, torch=torch.__version__, commit=commit)
        self.rows = []

    @property
    def second(self):
        return round(time.monotonic() - self.start, 1)

    def add(self, part, name, setting, value, unit, at_most="", note=""):
        ok = "" if at_most == "" else bool(value <= at_most)
        row = dict(part=part, name=name, setting=setting, value=value, unit=unit)
        row |= dict(at_most=at_most, ok=ok, note=note, second=self.second) | self.about
        self.rows.append(row)
        with open(self.path, "w", newline="") as f:
            w = csv.DictWriter(f, COLUMNS, lineterminator="\n")
            w.writeheader()
            w.writerows(self.rows)
        shown = value if isinstance(value, str) else f"{value:.4g}"
        print(
            f"{self.second:6.1f} s  {part}, {name}, {setting}: {shown} {unit} {note}",
            flush=True,
        )

    def fail(self, part, name, setting, e):
        why = f"{type(e).__name__}: {str(e).splitlines()[0][:160] if str(e) else ''}"
        self.add(part, name, setting, "failed", "", note=why)


def wait_for(device):
    if device == "cuda":
        torch.cuda.synchronize()


def products(rows, small):
    "What matrix products reach."
    n = 64 if small else 8192
    best = {}
    for setting, dtype, tf32 in (
        ("bf16", torch.bfloat16, False),
        ("tf32", torch.float32, True),
        ("fp32", torch.float32, False),
    ):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        a, b = (torch.randn(n, n).to("cuda", dtype) for _ in range(2))
        took = []
        for _ in range(3 if small else 12):
            wait_for("cuda")
            t = time.perf_counter()
            a @ b
            wait_for("cuda")
            took.append(time.perf_counter() - t)
        best[setting] = 2 * n**3 / np.median(took[2:]) / 1e12
        rows.add("products", f"{n} x {n}", setting, best[setting], "TFLOP/s")
    torch.backends.cuda.matmul.allow_tf32 = False
    return best


class Losses(Part):
    "Loss and norm of the gradient of each step."

    order = 99
    run_valid = False

    def __init__(self):
        self.seen = []

    def after_step(self):
        self.seen.append(self.learn.step_loss)


def trainings() -> dict:  # name -> (system, table, settings)
    "Small trainings of all five systems."
    posts, faq, people, reviews = small_tables().values()
    reader = dict(vocab_size=400, batch_size=16)
    short = dict(max_len=16, context_max_len=16)
    return {
        "context": (
            context,
            posts,
            dict(vocab_size=400, batch_tokens=1024, base_steps=0) | short,
        ),
        "authors": (authors, posts, reader),
        "authors, cached": (authors, posts, reader | dict(cache_tokens=100)),
        "ranking": (ranking, faq, reader),
        "ranking, poly": (
            ranking,
            faq,
            reader | dict(architecture="poly", model_n_codes=4),
        ),
        "chars": (
            chars,
            people,
            dict(batch_size=32, pool_dropout=0.0, ngram_dropout=0.0),
        ),
        "documents": (
            documents,
            reviews,
            reader | dict(segment_len=32, max_segments=0, head_dropout=0.0),
        ),
    }


def losses(face, table, settings, device, precision):
    small = dict(
        layers=2, d=32, heads=2, steps=4, valid_every=4, dropout=0.0, attn_dropout=0.0
    )
    how = dict(device=device, precision=precision, say=lambda line: None)
    codes = {
        "model.n_codes" if k == "model_n_codes" else k: v for k, v in settings.items()
    }
    learn = face.learner(table, **small | how | codes)
    learn.add_cb(Losses())
    best = learn.fit_run()
    return np.array([*learn.losses.seen, best])


def correctness(rows, small, left):
    "Losses beside the processor's, which computes in the same precision."
    for name, (face, table, settings) in trainings().items():
        for precision, tolerance in TOLERANCES.items():
            if left() < 0:
                return rows.add("correctness", name, precision, "no time", "")
            if small and precision != "fp32" and name != "chars":
                continue  # tutorials/09_gpu has them all
            try:
                here = losses(face, table, settings, "cpu", precision)
                there = losses(face, table, settings, "cuda", precision)
            except Exception as e:
                rows.fail("correctness", name, precision, e)
                continue
            off = float(np.abs(here - there).max())
            rows.add("correctness", name, precision, off, "nats", tolerance)


class Masked(nn.Module):
    "A masked language model over texts of one length."

    def __init__(self, shape, length):
        super().__init__()
        layers, d, heads, ffn, words = shape
        cfg = EncoderCfg(
            layers, d, heads, ffn, max_positions=length, dropout=0.0, attn_dropout=0.0
        )
        self.encoder = Encoder(cfg, words)
        self.head = MLMHead(self.encoder.words)

    def forward(self, ids, lengths, plan, at, y):
        h = self.encoder(ids, lengths, plan)
        return F.cross_entropy(self.head(h[at]).float(), y)


def flops_of(shape, length) -> float:  # of a token, forward and backward
    "Operations of a training step: Kaplan et al. (2020), §2.1, with attention and head."
    layers, d, _, ffn, words = shape
    matrices = layers * (4 * d * d + 2 * d * ffn)
    return 6 * matrices + 12 * layers * d * length + 6 * 0.15 * (words * d + d * d)


def one_step(shape, length, tokens, mode):
    "A step that returns how many tokens it learnt from."
    torch.manual_seed(0)
    t = tokens // length
    model = Masked(shape, length).to("cuda")
    opt = adamw(model, TrainCfg(lr=1e-4))
    f = (
        model
        if MODES[mode] is None
        else torch.compile(model, mode=MODES[mode], dynamic=False)
    )
    lengths = torch.full((t,), length)
    plan = plan_attention(lengths).to("cuda")
    at = torch.randperm(t * length)[: int(0.15 * t * length)].sort().values.to("cuda")
    ids = torch.randint(0, shape[-1], (t * length,)).to("cuda")
    batch = (ids, lengths.to("cuda"), plan, at, ids[at])

    def step():
        with torch.autocast("cuda", torch.bfloat16):
            loss = f(*batch)
        loss.backward()
        opt.step()
        opt.zero_grad()
        return dict(tokens=t * length)

    return step


def speed(rows, small, peak, left):
    "Tokens a second, by turns, and the share of what matrix products reach."
    length, tokens = (16, 64) if small else (128, 32_768)
    for name, shape in SHAPES.items():
        shape = (1, 32, 2, 64, 100) if small else shape
        steps = {}
        for mode in MODES:
            if left() < 0 or small and mode != "eager":
                rows.add(
                    "speed", name, mode, "no time" if left() < 0 else "not rehearsed", ""
                )
                continue
            try:
                before = torch.cuda.memory_allocated()
                torch.cuda.reset_peak_memory_stats()
                step = one_step(shape, length, tokens, mode)
                for _ in range(3):
                    step()
                steps[mode] = step
                used = (torch.cuda.max_memory_allocated() - before) / 2**30
                rows.add(
                    "memory", name, mode, used, "GiB", note=f"{tokens:,} tokens a step"
                )
            except Exception as e:
                rows.fail("speed", name, mode, e)
        if not steps:
            continue
        rounds = 2 if small else 15
        found = relative_speed(steps, rounds, 1, dict(wall=time.perf_counter))
        for r in found.itertuples():
            note = f"{r.ratio:.2f} [{r.lo:.2f}, {r.hi:.2f}] of eager, {rounds} rounds"
            rows.add("speed", name, r.name, r.rate, "tokens/s", note=note)
            share = r.rate * flops_of(shape, length) / (peak["bf16"] * 1e12)
            rows.add("share", name, r.name, share, "of the bf16 products")
        del step, steps


WAITING = (
    "aten::_local_scalar_dense",
    "aten::nonzero",
    "cudaStreamSynchronize",
    "cudaMemcpyAsync",
)
ASKED = ("cudaDeviceSynchronize", "cudaLaunchKernel", "cuLaunchKernel")


def waits(rows, small, left):
    "What a step asks of the device, as the profiler saw it; it sees the processor's items too."
    steps = 2 if small else 10
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if torch.profiler.ProfilerActivity.CUDA in torch.profiler.supported_activities():
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    quiet = dict(say=lambda line: None, device="cuda", precision="bf16", valid_every=100)
    for name, (face, table, settings) in trainings().items():
        if left() < 0 or "," in name or small and name != "context":
            continue
        try:
            count = {}
            for n in (1, 2):  # the difference is what as many steps do
                how = dict(layers=2, d=32, heads=2, steps=n * steps)
                learn = face.learner(table, **how | quiet | settings)
                with torch.profiler.profile(activities=kinds) as p:
                    learn.fit_run()
                count[n] = {e.key: e.count for e in p.key_averages()}
        except Exception as e:
            rows.fail("waits", name, "bf16", e)
            continue
        for key in (*WAITING, *ASKED):
            a, b = (count[n].get(key, 0) for n in (1, 2))
            rows.add("waits", name, key, (b - a) / steps, "a step")


def whole(rows, small):
    "Docstrings until nothing is gained, beside a model that counts."
    much = dict(base_steps=2400, steps=240, valid_every=120, max_valid=1000)
    little = dict(
        base_steps=2, steps=2, valid_every=2, layers=1, d=32, heads=2, vocab_size=400
    )
    posts = small_tables()["posts"] if small else "pydocs"
    with tempfile.TemporaryDirectory() as tmp:
        t = time.perf_counter()
        how = dict(device="cuda", say=lambda line: None)
        model = context.train(posts, tmp, **(little if small else much), **how)
        took = time.perf_counter() - t
        rows.add("whole run", "docstrings", "base and author context", took, "s")
        kept = dict(max_test=20) if small else {}
        table = context.evaluate(model, say=lambda line: None, device="cuda", **kept)
        for r in table[(table["slice"] == "all") & (table.metric == "loss")].itertuples():
            note = f"[{r.lo:.3f}, {r.hi:.3f}], n={r.n}"
            rows.add(
                "whole run",
                "docstrings, masked-token loss",
                r.arm,
                r.value,
                "nats",
                note=note,
            )


def check(path, minutes, small):
    rows = Rows(path, "pretended" if small else torch.cuda.get_device_name())

    def left():
        return 60 * minutes - rows.second

    peak = products(rows, small)
    parts = dict(
        correctness=lambda: correctness(rows, small, left),
        waits=lambda: waits(rows, small, left),
        whole=lambda: whole(rows, small),
        speed=lambda: speed(rows, small, peak, left),
    )
    for name, part in parts.items():
        if left() < 0:
            rows.add(name, "", "", "no time", "")
            continue
        try:
            part()
        except Exception as e:
            traceback.print_exc()
            rows.fail(name, "", "", e)
    wrong = [r for r in rows.rows if r["ok"] is False or r["value"] == "failed"]
    print(f"{len(rows.rows)} rows in {rows.path}, {len(wrong)} wrong or failed")
    return 1 if wrong else 0


def main(words=None):
    read = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    read.add_argument("--pretend", action="store_true")
    read.add_argument("--minutes", type=float, default=8.0)
    read.add_argument("--out", default=ROOT / "figures" / "gpu.csv")
    a = read.parse_args(words)
    os.environ.setdefault("CTX_PROGRESS", "0")
    if a.pretend:
        if torch.cuda.is_available() or can_pretend():
            sys.exit(f"no rehearsal here: {can_pretend() or 'there is a GPU'}")
        importlib.import_module(
            "transformers.models.bert.modeling_bert"
        )  # not while it is pretended
        with tempfile.TemporaryDirectory() as tmp:
            os.environ["CTX_CACHE"] = tmp
            with PretendCuda():
                return check(a.out, a.minutes, small=True)
    if not torch.cuda.is_available():
        sys.exit("torch finds no GPU here: rehearse with --pretend")
    with tempfile.TemporaryDirectory() as tmp:
        os.environ["CTX_CACHE"] = tmp  # nothing is found that was trained before
        return check(a.out, a.minutes, small=False)


if __name__ == "__main__":
    sys.exit(main())
