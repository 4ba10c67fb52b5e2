"""`python -m reproductions` is the `reproduce` command."""

from reproductions.cli import main

main()
