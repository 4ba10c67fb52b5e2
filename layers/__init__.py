"""Hand-built Keras layers, one family a file; imports Keras alone, so that any file can be copied out and used."""
