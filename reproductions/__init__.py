"""Reproductions of the documented projects, the claims they measure, the verdicts, the ledger and the command line."""
