"""Tools that correct a label map, as pure functions on arrays of any axis order."""
