"""The idea: sizes, their cost, the rule of thumb, scores, and the choice among them."""
