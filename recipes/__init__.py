"""Techniques to import into a Keras project of one's own: datasets, models and the compiled trainer."""
