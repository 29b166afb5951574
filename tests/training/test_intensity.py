"""Tables of intensities: rising, 0 stays 0, missing modalities stay missing."""

import numpy as np

from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.intensity import apply_tables, draw_tables

OWN = np.stack([np.linspace(-2, 3, 33), np.linspace(-1, 5, 33), np.zeros(33)]).astype(np.float32)
OTHER = np.stack([np.linspace(-3, 1, 33) ** 3, np.zeros(33), np.zeros(33)]).astype(np.float32)


def _tables(seed, **settings):
    config = AugmentConfig(**{"intensity": 0, "scheme_mixing": 0, **settings})
    return draw_tables(config, OWN, OTHER, np.random.default_rng(seed), np.random.default_rng(seed))


def test_without_tables_the_image_is_itself():
    image = np.array([-2, 0, 0.5], np.float16).reshape(3, 1, 1, 1)
    assert _tables(0) is None
    assert apply_tables(image, None).dtype == np.float32
    assert apply_tables(image, None).ravel().tolist() == [-2, 0, 0.5]


def test_a_table_is_a_look_up_of_the_value():
    image = np.array([[-2, 0.5], [1, 0]], np.float16).reshape(2, 2, 1, 1)
    stored = np.arange(65536, dtype=np.uint16).view(np.float16)
    values = np.nan_to_num(stored.astype(np.float32), posinf=0, neginf=0)
    tables = np.stack([values * 2, values + 1])
    assert apply_tables(image, tables).reshape(2, 2).tolist() == [[-4, 1], [2, 1]]


def test_mappings_keep_the_order_of_intensities_and_zero():
    image = np.repeat(np.linspace(-2, 4, 200, dtype=np.float16)[None], 3, axis=0)
    image[:, 0] = 0
    for settings in ({"intensity": 1}, {"scheme_mixing": 1}, {"intensity": 1, "scheme_mixing": 1}):
        changed = 0
        for seed in range(16):
            mapped = apply_tables(image[:, :, None, None], _tables(seed, **settings))[..., 0, 0]
            assert (mapped[:, 0] == 0).all()
            assert np.isfinite(mapped).all()
            assert (np.diff(mapped[:, 1:], axis=1) >= -1e-5).all()
            assert np.array_equal(mapped[2], image[2].astype(np.float32))  # it has no intensities
            changed += not np.array_equal(mapped[0], image[0].astype(np.float32))
        assert changed == 16


def test_scheme_mixing_leaves_alone_what_the_other_patient_lacks():
    image = np.repeat(np.linspace(-2, 4, 50, dtype=np.float16)[None], 3, axis=0)
    for seed in range(8):
        mapped = apply_tables(image[:, :, None, None], _tables(seed, scheme_mixing=1))[..., 0, 0]
        assert np.array_equal(mapped[1], image[1].astype(np.float32))
