"""The life of a model that is served: what is new for it, how it ages, when it is trained again."""
