"""Models and tokenizers, from wherever they come.

`spec` says how a setting names a model and needs no torch; `loading` loads it.
"""
