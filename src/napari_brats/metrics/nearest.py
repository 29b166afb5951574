"""Nearest points of two sets of grid points, with a memory that makes the next call cheap.

Points are kept as keys: one integer for each, ascending in C order, the same for a voxel of the
whole volume whichever box it was found in. Distances come from whole steps of the grid, so that
equal distances are equal numbers when they are sorted.

A k-d tree finds the nearest point for those that the two sets do not share: for overlapping masks
faster than distance transforms of the box, and exact on anisotropic grids, where the transforms of
`edt` have single precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.int64]
"""(N,) ascending, each point once."""

_BITS = 20
_NOWHERE = np.int64(-1)


def keys_of(mask: Mask, origin: tuple[int, ...] = (0, 0, 0)) -> Keys:
    """The keys of the True points of an (X, Y, Z) array whose first point lies at ``origin``."""
    flat = np.flatnonzero(mask)
    rows, z = np.divmod(flat, mask.shape[2])
    x, y = np.divmod(rows, mask.shape[1])
    keys: Keys = ((x + origin[0]) << (2 * _BITS)) | ((y + origin[1]) << _BITS) | (z + origin[2])
    return keys


def points_of(keys: Keys) -> npt.NDArray[np.int64]:
    """(N, 3) the grid points of keys."""
    ones = (1 << _BITS) - 1
    return np.stack((keys >> (2 * _BITS), (keys >> _BITS) & ones, keys & ones), axis=1)


class _Side(NamedTuple):
    """One set: its points, and for each the key of the nearest one of the other set."""

    keys: Keys
    nearest: Keys


class NearestPoints:
    """The distances between two sets of points, remembered from one call to the next.

    A call costs what differs from the call before; the first one finds everything.

    Parameters
    ----------
    spacing_mm
        Of the axes, in their order.
    """

    def __init__(self, spacing_mm: Spacing) -> None:
        self._spacing = np.asarray(spacing_mm, np.float64)
        nothing = np.zeros(0, np.int64)
        self._sides = (_Side(nothing, nothing), _Side(nothing, nothing))
        self._trees: dict[int, tuple[Keys, cKDTree]] = {}

    def start_of_part(self) -> NearestPoints:
        """A memory for parts of both sets, begun with what is known of the whole sets.

        Most points of a part have their nearest one in the other part: those are not searched for.
        """
        part = NearestPoints((self._spacing[0], self._spacing[1], self._spacing[2]))
        part._sides = self._sides
        return part

    def between(self, first: Keys, second: Keys) -> tuple[Floats, Floats]:
        """For each point of either set its distance in mm to the nearest point of the other.

        0 where both have it; inf where the other set is empty.
        """
        old_first, old_second = self._sides
        self._sides = (
            _Side(first, self._nearest(first, old_first, second, old_second.keys, tree=1)),
            _Side(second, self._nearest(second, old_second, first, old_first.keys, tree=0)),
        )
        return self._distance_mm(*self._sides[0]), self._distance_mm(*self._sides[1])

    def _nearest(self, points: Keys, old: _Side, sites: Keys, old_sites: Keys, tree: int) -> Keys:
        """The key of the nearest of ``sites`` for each point, by what is known of the old ones."""
        nearest = np.full(points.size, _NOWHERE)
        if not sites.size:
            return nearest
        known, where = _find(points, old.keys)
        nearest[known] = old.nearest[where[known]]
        gone = np.setdiff1d(old_sites, sites, assume_unique=True)
        new = np.setdiff1d(sites, old_sites, assume_unique=True)
        stale = (nearest == _NOWHERE) | _find(nearest, gone)[0]
        keep = ~stale
        if new.size and keep.any():
            nearest[keep] = self._nearer(points[keep], nearest[keep], new)
        if stale.any():
            nearest[stale] = self._search(points[stale], sites, tree)
        return nearest

    def _search(self, points: Keys, sites: Keys, tree: int) -> Keys:
        nearest = points.copy()
        apart = ~_find(points, sites)[0]
        if apart.any():
            if tree not in self._trees or not np.array_equal(self._trees[tree][0], sites):
                self._trees[tree] = (sites, self._tree(sites))
            found = self._trees[tree][1].query(points_of(points[apart]) * self._spacing)[1]
            nearest[apart] = sites[found]
        return nearest

    def _nearer(self, points: Keys, nearest: Keys, new: Keys) -> Keys:
        """The nearest of what was known and of ``new`` sites."""
        bound = self._distance_mm(points, nearest)
        open_ = np.flatnonzero(bound > 0)
        if not open_.size:
            return nearest
        mm, found = self._tree(new).query(points_of(points[open_]) * self._spacing)
        better = mm < bound[open_]
        nearest = nearest.copy()
        nearest[open_[better]] = new[found[better]]
        return nearest

    def _tree(self, sites: Keys) -> cKDTree:
        from scipy.spatial import cKDTree

        # Not balanced: built and searched faster on points of a grid, which have many ties.
        return cKDTree(points_of(sites) * self._spacing, balanced_tree=False, compact_nodes=False)

    def _distance_mm(self, points: Keys, nearest: Keys) -> Floats:
        distance = np.zeros(points.size)
        distance[nearest == _NOWHERE] = np.inf
        apart = (points != nearest) & (nearest != _NOWHERE)
        steps_mm = (points_of(points[apart]) - points_of(nearest[apart])) * self._spacing
        distance[apart] = np.sqrt((steps_mm**2).sum(axis=1))
        return distance


def _find(keys: Keys, among: Keys) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Which keys occur in ``among`` (ascending), and where."""
    if not among.size:
        return np.zeros(keys.size, np.bool_), np.zeros(keys.size, np.intp)
    where = np.minimum(np.searchsorted(among, keys), among.size - 1)
    return among[where] == keys, where
