"""Networks that return logits, and the bundles that carry their weights and cards."""
