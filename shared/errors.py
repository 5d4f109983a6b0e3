"""What a user can do wrong, said in one line."""

import sys
from collections.abc import Callable


class UserError(Exception):
    """A mistake in a file or a setting: the message names it, what was found, what was expected."""


def one_line_errors(main: Callable[[], None], status: int = 1) -> None:
    """Run a program's `main`; a `UserError` ends it with `status` and one line, no traceback."""
    try:
        main()
    except UserError as error:
        line = f"error: {error}"
    except OSError as error:
        if error.errno is None:
            raise
        line = f"error: {error.filename or 'input or output'}: {error.strerror}"
    else:
        return
    print(line, file=sys.stderr)
    sys.exit(status)
