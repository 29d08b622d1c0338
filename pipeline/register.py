"""register: model, evaluation → a version in the MLflow registry, and the alias if the gate opens."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("register")
