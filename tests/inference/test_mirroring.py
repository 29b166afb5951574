"""Looking at mirror images: the mean, the way back, the agreement, progress and closing."""

import numpy as np
import pytest

from napari_brats.core.progress import drain
from napari_brats.inference.mirroring import Mirroring, predict_mirrored


def _pointwise(image):
    """A network that does not care for mirroring."""
    yield 0.5
    return image * 2


def _first_is_tumour(image):
    """One that does: it finds tumour in the first plane along axis 0, wherever that lies."""
    yield 0.5
    logits = np.full(image.shape, -20, np.float32)
    logits[:, 0] = 20
    return logits


IMAGE = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype(np.float32)


@pytest.mark.parametrize(("mirroring", "passes"), [("off", 1), ("fast", 2), ("full", 8)])
def test_what_is_symmetric_comes_out_as_from_one_pass(mirroring, passes):
    assert len(set(Mirroring(mirroring).mirrors)) == passes
    prediction = drain(predict_mirrored(_pointwise, IMAGE, Mirroring(mirroring)))
    np.testing.assert_allclose(prediction.probabilities, 1 / (1 + np.exp(-2 * IMAGE)), atol=1e-6)
    assert prediction.agreement == (() if passes == 1 else (1.0, 1.0, 1.0))


def test_the_first_axis_is_mirrored_in_the_fast_way_and_probabilities_are_averaged():
    prediction = drain(predict_mirrored(_first_is_tumour, IMAGE, Mirroring.FAST))
    along = prediction.probabilities[0, :, 0, 0]
    np.testing.assert_allclose(along, [0.5, 0, 0, 0.5], atol=1e-6)
    assert prediction.agreement == (0.0, 0.0, 0.0)


def test_agreement_is_the_mean_over_mirror_images():
    prediction = drain(predict_mirrored(_first_is_tumour, IMAGE, Mirroring.FULL))
    assert prediction.agreement[0] == pytest.approx(3 / 7)  # 3 of 7 do not mirror axis 0


def test_shares_rise_over_all_passes():
    shares = list(predict_mirrored(_pointwise, IMAGE, Mirroring.FULL))
    assert shares == [(done + 0.5) / 8 for done in range(8)]


def test_closing_ends_the_pass_that_runs():
    ended = []

    def watched(image):
        try:
            yield from _pointwise(image)
        finally:
            ended.append(True)

    job = predict_mirrored(watched, IMAGE, Mirroring.FULL)
    next(job)
    job.close()
    assert ended == [True]
