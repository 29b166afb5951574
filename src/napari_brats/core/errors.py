"""What can go wrong, in words for the person at the screen.

A message says what was found, what was expected, where, and what to do. None of these derives from
RuntimeError, because napari's generator workers swallow that one.
"""


class BratsError(Exception):
    """Anything this package refuses to do; ``str(error)`` is fit to be shown to a user."""


class CaseError(BratsError):
    """A file or folder is not a usable case."""


class LabelError(BratsError):
    """A label map holds values that its convention does not know."""


class GeometryError(BratsError):
    """Volumes that must share one voxel grid do not."""


class BundleError(BratsError):
    """A bundle (weights and card) is missing, damaged or does not fit the case."""


class JobError(BratsError):
    """A long job could not be finished."""


class SaveError(BratsError):
    """A file could not be written; what stood there before is unharmed."""


FAILURES_OF_A_CASE = (
    BratsError,
    OSError,
    MemoryError,
    RuntimeError,
    ValueError,
    LookupError,
    ArithmeticError,
)
"""What one case may end with without ending the run over others: our own refusals, the disk,
memory, and what torch, numpy and the file libraries raise on content that nobody foresaw."""


def failure_in_words(error: BaseException) -> str:
    """Why a case failed; with the kind of error in front where it is none of ours."""
    if isinstance(error, MemoryError):
        return (
            f"There is not enough memory. Close other programs, and run it again. {error}".strip()
        )
    return str(error) if isinstance(error, BratsError) else f"{type(error).__name__}: {error}"
