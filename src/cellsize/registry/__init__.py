"""Everything about MLflow: runs of the search, versions of the model, the model as it is served."""
