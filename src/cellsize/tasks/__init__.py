"""What differs between forecasting and classifying, asked of one object by every floor above."""
