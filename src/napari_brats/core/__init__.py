"""Values and pure functions that everything else is made of.

Imports numpy, nibabel and small compiled libraries only.
"""
