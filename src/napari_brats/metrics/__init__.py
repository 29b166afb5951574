"""How a prediction agrees with a reference: overlap, surface distances, lesions, tables."""
