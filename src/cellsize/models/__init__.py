"""What forecasts: networks, the ridge-linear model, the baselines, and the saved forecaster."""
