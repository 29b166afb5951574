"""Connected components of masks, and of arrays of values."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import Mask

Components = tuple[npt.NDArray[np.unsignedinteger], int]


def label_components(mask: Mask, connectivity: Literal[6, 26] = 26) -> Components:
    """The connected components of an (X, Y, Z) mask, numbered from 1, and how many there are.

    0 is the background; an empty mask gives all zeros and 0.
    """
    return _label(mask, connectivity, is_mask=True)


def label_parts(values: npt.NDArray[np.uint8], connectivity: Literal[6, 26] = 26) -> Components:
    """The connected parts of one value each of an (X, Y, Z) array, numbered from 1; how many.

    0 is the background; all zeros give all zeros and 0.
    """
    return _label(values, connectivity, is_mask=False)


def _label(array: npt.NDArray[Any], connectivity: Literal[6, 26], *, is_mask: bool) -> Components:
    import cc3d

    # Padded: connected-components-3d 4.1.1 refuses some masks that are one voxel row.
    components, count = cc3d.connected_components(
        np.pad(array, 1), connectivity=connectivity, return_N=True, binary_image=is_mask
    )
    return components[1:-1, 1:-1, 1:-1], int(count)
