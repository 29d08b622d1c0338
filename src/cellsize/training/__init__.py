"""How one size is trained."""
