"""The stages of dvc.yaml, one script each."""

import gc

# What is imported is no garbage, and looking for some among it takes a quarter of the time; `stage.run` turns it on.
gc.disable()
