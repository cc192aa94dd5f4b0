from __future__ import annotations

import pytest

from app.gui.widgets.camera_grid import Box, arrange


@pytest.mark.parametrize("size", [(920, 500), (1240, 650), (1560, 900), (500, 900), (3400, 1800)])
@pytest.mark.parametrize("aspects", [[4 / 3, 1, 1, 1], [16 / 9] * 4, [1, 1]])
def test_boxes_fill_the_area_and_never_overlap(size: tuple[int, int], aspects: list[float]) -> None:
    boxes = arrange(*size, aspects, gap=4)
    assert len(boxes) == len(aspects)
    for box in boxes:
        assert box.left >= 0
        assert box.top >= 0
        assert box.left + box.width <= size[0]
        assert box.top + box.height <= size[1]
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert apart(one, other)


def test_the_main_picture_is_the_largest() -> None:
    for size in ((920, 500), (1560, 900), (500, 900)):
        main, *others = arrange(*size, [4 / 3, 1, 1, 1], gap=4)
        assert all(main.width * main.height > other.width * other.height for other in others)


def test_wide_areas_get_a_column_and_tall_ones_a_row() -> None:
    wide = arrange(1600, 700, [4 / 3, 1, 1, 1], gap=4)
    tall = arrange(600, 900, [4 / 3, 1, 1, 1], gap=4)
    assert wide[1].left > wide[0].left
    assert tall[1].top > tall[0].top


def test_one_camera_has_everything() -> None:
    assert arrange(800, 600, [1.0], gap=4) == [Box(0, 0, 800, 600)]
    assert arrange(800, 600, [], gap=4) == []


def apart(one: Box, other: Box) -> bool:
    return (
        one.left + one.width <= other.left
        or other.left + other.width <= one.left
        or one.top + one.height <= other.top
        or other.top + other.height <= one.top
    )
