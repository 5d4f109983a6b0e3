"""How fast this library writes, scores and fine-tunes on a machine, beside other libraries."""
