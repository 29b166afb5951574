"""A synthetic case: a brain with a glioma, made by seeded code from no patient's image."""

from napari_brats.phantom.case import CASE_ID, make_case
from napari_brats.phantom.sample import write_case, write_sample

__all__ = ["CASE_ID", "make_case", "write_case", "write_sample"]
