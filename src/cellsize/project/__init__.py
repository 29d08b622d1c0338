"""A user's own project: what a table holds, the files of its folder, and how its stages are run."""
