"""Many cases: reading, network and writing overlap, in one process, several, or a cluster's."""
