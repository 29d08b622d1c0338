"""From a raw table to batches: series, windows, folds."""
