"""The measure of growth tells a square from a line."""

from __future__ import annotations

from support.growth import LINEAR, growth


def test_work_that_grows_with_the_square_is_not_linear() -> None:
    assert growth(lambda size: sum(sum(range(size)) for _ in range(size)), 16_000) > LINEAR


def test_work_that_grows_with_the_size_is_linear() -> None:
    assert growth(lambda size: sum(range(size)), 4_000_000) < LINEAR
