"""The team's own code: the network, and how an image becomes its input."""
