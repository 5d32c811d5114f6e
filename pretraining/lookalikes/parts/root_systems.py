"""How roots of plants grow: main roots, laterals, laterals of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.wandering import Path, walk
from pretraining.shapes import log_uniform


@dataclass(frozen=True)
class Habit:
    """How the roots of a plant grow.

    Parameters
    ----------
    main, lateral : float
        Half widths in pixels.
    count : float
        Main roots per image of side 192.
    spacing : float
        Pixels between laterals.
    reach : float
        Length of a lateral in pixels.
    wander : float
        Change of direction in radians per pixel.
    down : float
        How strongly roots turn downwards.
    hairs : float
        Length of root hairs in pixels, 0 for none.
    """

    main: float
    lateral: float
    count: float
    spacing: float
    reach: float
    wander: float
    down: float
    hairs: float

    def grow(self, rng: np.random.Generator, side: int) -> list[list[Path]]:
        """Paths of main roots, laterals and laterals of these."""
        orders: list[list[Path]] = [[], [], []]
        for _ in range(max(rng.poisson(self.count * side / 192), 1)):
            start, aim = np.array([-5.0, rng.uniform(0, side)]), rng.uniform(0.3, 0.7, 2) * side
            angle = np.pi / 2 + rng.normal(0, 0.3)
            if rng.random() < 0.45:
                start[0] = rng.uniform(0, side)
                start[1] = float(rng.choice([-5, side + 5]))
                angle = float(np.arctan2(*(aim - start)))
            half = self.main * np.exp(rng.normal(0, 0.18))
            length = side * rng.uniform(0.5, 1.7)
            pull = (np.pi / 2, self.down)
            path = walk(
                rng,
                start,
                angle,
                length,
                (half, half * rng.uniform(0.5, 1)),
                (self.wander, 12 + self.main * 7),
                pull,
            )
            orders[0].append(path)
            orders[1] += self._branch(rng, path, self.lateral, self.spacing, self.reach)
        for path in orders[1] if self.reach > 30 else []:
            orders[2] += self._branch(
                rng, path, self.lateral * 0.75, self.spacing * 1.7, self.reach * 0.3
            )
        return [orders[0], orders[1][:90], orders[2][:120]]

    def _branch(
        self, rng: np.random.Generator, path: Path, half: float, spacing: float, reach: float
    ) -> list[Path]:
        """Laterals on both sides of a path, shorter towards its tip."""
        children = []
        for _ in range(rng.poisson(0.5 * len(path.points) / spacing)):
            at = int(rng.integers(max(int(len(path.points) * 0.9), 1)))
            angle = path.angles[at] + rng.choice([-1, 1]) * rng.uniform(0.6, 1.5)
            length = reach * rng.gamma(2, 0.5) * (1.15 - at / len(path.points))
            width = min(half * rng.uniform(0.7, 1.3), path.widths[at] * 0.9)
            children.append(
                walk(
                    rng,
                    path.points[at],
                    angle,
                    length,
                    (width, width * 0.6),
                    (self.wander * 1.3, 8 + 4 * width),
                    (np.pi / 2, self.down),
                )
            )
        return children


def draw_habit(rng: np.random.Generator, zoom: float, style: str) -> Habit:
    """Draw how roots grow: a few thick ones with laterals, or many fine ones."""
    main = zoom * (log_uniform(rng, 1.3, 5.5) if style != "tube" else log_uniform(rng, 2, 8))
    branched = rng.random() < 0.75
    return Habit(
        main=max(main, 0.9),
        lateral=max(main * rng.uniform(0.25, 0.6), 0.6),
        count=float(np.clip(rng.uniform(1, 9) / main**0.5 / zoom**0.5, 1, 8)),
        spacing=zoom * log_uniform(rng, 8, 45) if branched else 1e4,
        reach=zoom * log_uniform(rng, 10, 90),
        wander=log_uniform(rng, 0.08, 0.6),
        down=float(rng.choice([0.0, rng.uniform(0.002, 0.03)])),
        hairs=main * rng.uniform(1, 3) if rng.random() < 0.3 else 0.0,
    )
