"""What differs between forecasts, labels and numbers of sequences, asked of one object by the floors above."""
