"""A network for long voxels: halved and convolved where they are fine enough; and 2D or 3D."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_unet.core.config import ModelConfig
from napari_unet.core.volume_choice import choose_dimensions
from napari_unet.core.volume_plan import VolumePlan, patch_shape, plan_volume, relative_spacing

spacings = st.tuples(*[st.floats(0.05, 20)] * 3)
shapes = st.tuples(*[st.integers(1, 600)] * 3)


def test_cubes_are_halved_alike() -> None:
    plan = plan_volume((0.2, 0.2, 0.2), (128, 128, 128), 3)
    assert set(plan.strides) == {(2, 2, 2)}
    assert set(plan.kernels) == {(3, 3, 3)}
    assert plan.spacing == (1, 1, 1)


def test_long_voxels_are_left_until_the_others_have_caught_up() -> None:
    """The plan nnU-Net's rules give for slices five pixels apart."""
    plan = plan_volume((5, 1, 1), (40, 256, 256), 4)
    assert plan.spacing == (5, 1, 1)
    assert plan.strides == ((1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2))
    assert plan.kernels == ((1, 3, 3), (1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3))


def test_an_axis_with_few_slices_is_not_halved_away() -> None:
    plan = plan_volume((1, 1, 1), (9, 256, 256), 3)
    assert [stride[0] for stride in plan.strides] == [2, 1, 1]


@given(spacings, shapes, st.integers(1, 5))
def test_any_spacing_gives_a_network(spacing, shape, depth) -> None:
    plan = plan_volume(spacing, shape, depth)
    assert len(plan.strides) == depth
    assert all(2 in stride for stride in plan.strides)
    assert min(plan.spacing) == 1
    assert ModelConfig(dimensions=3, depth=depth, plan=plan).plan == plan


@given(spacings, shapes, st.integers(1, 4), st.integers(1000, 200_000))
def test_patches_fit_image_network_and_memory(spacing, shape, depth, voxels) -> None:
    plan = plan_volume(spacing, shape, depth)
    steps = [prod(stride[axis] for stride in plan.strides) for axis in range(3)]
    sides = patch_shape(plan, shape, voxels, 256)
    least = [max(2 * step, 4) for step in steps]
    for side, n, step, low in zip(sides, shape, steps, least, strict=True):
        assert side % step == 0
        assert low <= side <= max(n + step, low)
    smallest = all(side == low for side, low in zip(sides, least, strict=True))
    limited = any(side == low for side, low in zip(sides, least, strict=True))
    assert smallest or limited or prod(sides) <= voxels


def test_patches_are_as_long_as_wide_in_the_world() -> None:
    plan = plan_volume((4, 1, 1), (500, 500, 500), 3)
    z, y, x = patch_shape(plan, (500, 500, 500), 100_000, 256)
    assert y == x
    assert 0.5 < 4 * z / y < 1.5


@pytest.mark.parametrize("spacing", [(0, 1, 1), (float("nan"), 1, 1), (1, 1), (float("inf"), 1, 1)])
def test_spacing_that_makes_no_sense_is_taken_for_cubes(spacing) -> None:
    assert relative_spacing(spacing) == (1, 1, 1)


def test_negative_spacing_is_a_direction_only() -> None:
    assert relative_spacing((-2, 1, -1)) == (2, 1, 1)


def test_a_plan_for_another_network_is_refused() -> None:
    plan = plan_volume((1, 1, 1), (64, 64, 64), 2)
    with pytest.raises(ValidationError):
        ModelConfig(dimensions=2, depth=2, plan=plan)
    with pytest.raises(ValidationError):
        ModelConfig(dimensions=3, depth=3, plan=plan)
    with pytest.raises(ValidationError):
        VolumePlan(spacing=(1, 1, 1), strides=((2, 2, 2),), kernels=((3, 3, 3),))


@pytest.mark.parametrize(
    ("shape", "spacing", "more", "dimensions", "why"),
    [
        ((1, 512, 512), (1, 1, 1), {}, 2, ""),
        ((5, 512, 512), (1, 1, 1), {}, 2, "only 5 slices"),
        ((32, 128, 128), (0.235, 0.15, 0.15), {"painted_slices": 3}, 3, "3 of 32 painted"),
        ((32, 128, 128), (1, 1, 1), {}, 3, "32 slices"),
        ((32, 128, 128), (2, 0.2, 0.2), {}, 2, "10 pixels apart"),
        ((32, 128, 128), (3, 1, 1), {"painted_slices": 20}, 2, "most slices"),
        ((32, 128, 128), (3, 1, 1), {"painted_slices": 5}, 3, "5 of 32"),
        ((32, 128, 128), (1, 1, 1), {"free": 10**9}, 2, "memory"),
    ],
)
def test_volumes_are_learned_where_it_pays(shape, spacing, more, dimensions, why) -> None:
    choice = choose_dimensions(shape, spacing, **more)
    assert choice.dimensions == dimensions
    assert why in choice.why
