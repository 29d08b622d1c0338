"""The stages of dvc.yaml as commands: `python -m pipeline.<stage>`. What they do is in `cellsize.stages`."""
