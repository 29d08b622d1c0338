"""The one look at the holdout, and the gate."""
