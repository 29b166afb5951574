"""Training the networks: configuration, patches, augmentation, loss, loop."""
