"""Which sizes are trained, by whom, and what is kept."""
