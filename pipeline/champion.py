"""What is new for the champion, before anything is trained: `cellsize retrain`. No stage of dvc.yaml."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("champion")
