"""Values and pure functions that everything else is made of. Imports numpy, scipy, nibabel only."""
