"""From a case to a segmentation: preprocessing, the network's pass, post-processing."""
