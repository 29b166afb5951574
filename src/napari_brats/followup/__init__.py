"""Several time points of one patient: registered onto the first, compared, and followed in time."""
