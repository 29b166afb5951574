"""Connected components against scipy and by hand."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_brats.core.components import label_components


@given(arrays(np.bool_, st.tuples(*[st.integers(1, 6)] * 3)))
@example(np.array([True, False, True, False, True]).reshape(1, 1, 5))
@settings(max_examples=80, deadline=None)
def test_the_same_partition_as_scipy(mask):
    for connectivity, structure in ((26, np.ones((3, 3, 3))), (6, None)):
        found, count = label_components(mask, connectivity)
        expected, expected_count = ndimage.label(mask, structure)
        pairs = set(zip(found.ravel().tolist(), expected.ravel().tolist(), strict=True))
        assert count == expected_count
        assert len(pairs) == len(np.unique(expected))  # one to one
        assert np.array_equal(found > 0, mask)


def test_a_shared_corner_joins_by_26_and_not_by_6():
    mask = np.zeros((2, 2, 2), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    assert label_components(mask)[1] == 1
    assert label_components(mask, 6)[1] == 2


def test_nothing_has_no_component():
    components, count = label_components(np.zeros((2, 3, 4), bool))
    assert count == 0
    assert not components.any()
