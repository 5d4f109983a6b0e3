"""One package for each paper."""

import sys

# `python -m papers.<id>.<step> --help` comes by here first. It needs neither PyTorch nor a model.
if sys.argv[0] == "-m" and {"-h", "--help"} & {*sys.argv[1:]}:
    from shared.runner.step_help import show

    show(sys.orig_argv)
