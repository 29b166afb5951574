"""``python -m napari_brats``: the command line, where the script is not on the path (torchrun)."""

from napari_brats.cli import main

if __name__ == "__main__":
    main()
