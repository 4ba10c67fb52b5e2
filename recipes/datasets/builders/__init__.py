"""TFDS builders, one file a dataset; importing one registers it: `tfds.load("churn_modelling")` then works."""
