"""The shipped table of grid carbon intensities: where its figures come from, and how they are brought into one form."""
