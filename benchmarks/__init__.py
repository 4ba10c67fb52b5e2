"""Side-by-side speed: this project and a peer in one process tree, interleaved, printed as a ratio."""
