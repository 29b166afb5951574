"""Finding the post-processing that serves a network best, under cross-validation by patient."""
