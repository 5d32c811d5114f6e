"""Strokes lie where their points and radii say."""

from __future__ import annotations

import numpy as np

from pretraining.lookalikes.parts.tapering import FAR, fine_noise, stroke


def test_stroke_knows_distances_and_which_point_is_nearest() -> None:
    """Two discs of different size, one of them partly outside the image."""
    points, radius = np.array([[20.3, 30.6], [0.0, 63.0]]), np.array([6.0, 3.0])
    drawn = stroke(points, radius, 64, margin=2)
    rows, columns = np.mgrid[:64, :64]
    away = np.hypot(rows - points[:, 0, None, None], columns - points[:, 1, None, None])
    expected = (away - radius[:, None, None]).min(0)
    known = drawn.outside < FAR
    np.testing.assert_allclose(drawn.outside[known], expected[known], atol=1e-3)
    assert (known == (expected < 2)).mean() > 0.99
    assert drawn.nearest[20, 30] == 0
    assert drawn.nearest[1, 62] == 1
    assert (drawn.outside <= 0).sum() > np.pi * 36 * 0.95


def test_stroke_outside_the_image_draws_nothing() -> None:
    """Points far away leave everything unknown."""
    drawn = stroke(np.array([[-50.0, -50.0]]), np.array([2.0]), 32)
    assert (drawn.outside == FAR).all()
    assert (drawn.everywhere()[0] == FAR).all()


def test_noise_has_the_asked_correlation_length() -> None:
    """Both ways of making it are standardised, and long noise changes slowly."""
    rng = np.random.default_rng(0)
    for scale in (1.0, 5.0, 40.0):
        noise = fine_noise(rng, 160, scale)
        assert noise.shape == (160, 160)
        assert abs(float(noise.std()) - 1) < 1e-3
        assert float(np.abs(np.diff(noise, axis=0)).mean()) < 1.2 / scale
