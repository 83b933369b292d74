"""Pictures keep within their edges."""

import pytest

from sme_research.present.canvas import WIDTH, draw


@pytest.mark.parametrize("labels", [["a", "b"], ["one label that leaves little room for the axes", "another"]])
def test_the_name_below_axes_is_not_cut_off_at_the_right(labels):
    with draw(3.0) as drawing:
        axes = drawing.one()
        axes.barh(labels, [1.0, 2.0])
        drawing.label(axes, "en", x="change in revenue after the start beyond the sum of single instruments (%)")
    box = axes.xaxis.label.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= drawing.figure.bbox.x1 == WIDTH * drawing.figure.dpi
    middle = (axes.bbox.x0 + axes.bbox.x1) / 2
    assert ((box.x0 + box.x1) / 2 == pytest.approx(middle, abs=1)) == (len(labels[0]) == 1)
