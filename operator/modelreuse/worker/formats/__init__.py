"""From bytes to weights and arrays: one module and one line in a table per format. Nothing here unpickles anything."""
