"""How well the gate and the rules are tested: each of them is removed in turn, and some test must notice."""
