"""register: model, evaluation → a version in the MLflow registry, champion if the gate opens, else challenger."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("register")
