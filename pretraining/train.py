"""A whole run of meta-training, from the command line's options to the exported weights."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial

import torch

from pretraining.export import CARD, describe_run, export
from pretraining.feed import feed_of
from pretraining.meta_training import MetaTraining, Plan, stoppable
from pretraining.pairs import data_sets
from pretraining.team import Team, run_as_team

NOT_FOR_2D = ("stardist_3d",)


def train(options: argparse.Namespace) -> None:
    """Meta-train until the time is up or a signal comes, then export beside the checkpoint."""
    options.out.mkdir(parents=True, exist_ok=True)
    run_as_team(options.processes, options.out / "meeting", partial(_train, options))


def _train(options: argparse.Namespace, team: Team) -> None:
    torch.set_num_threads(options.threads)
    sets = _sets(options)
    plan = Plan(seed=options.seed, minutes=options.minutes, max_steps=options.steps)
    folders = tuple(options.data / name for name in sets)
    settings = {
        **asdict(plan),
        "processes": team.size,
        "begun from": options.begin_from.name if options.begin_from else "random weights",
        "real_share": options.real_share,
        "side": options.side,
    }
    card = describe_run(options.data, sets, settings, options.begin_from)
    if not team.rank:
        (options.out / CARD).write_text(json.dumps(card, indent=1))
    seed = plan.seed * team.size + team.rank
    feed = feed_of(seed, folders, options.real_share, options.side, plan.keep, options.workers)
    run = MetaTraining(plan, feed, options.out, options.width, team, options.begin_from)
    with stoppable() as stop:
        for figures in run.run(stop):
            if team.rank:
                continue
            print("  ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)
    run.save()
    feed.close()
    if not team.rank:
        print(f"exported {export(options.out, options.out)}", flush=True)


def _sets(options: argparse.Namespace) -> list[str]:
    """The data sets to train on."""
    left_out = {*NOT_FOR_2D, *options.exclude}
    return [name for name in data_sets(options.data) if name not in left_out]
