"""What a window should show, measured with the ridge-linear model inside the training parts."""
