"""One page on a case that a person can file: pictures, measures, and how the mask was made."""
