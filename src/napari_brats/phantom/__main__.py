"""``python -m napari_brats.phantom DIR``: write the synthetic case into DIR, over a former one."""

import sys
from pathlib import Path

from napari_brats.phantom.sample import write_sample

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m napari_brats.phantom DIR")
    sys.stdout.write(f"{write_sample(Path(sys.argv[1]), overwrite=True)}\n")
