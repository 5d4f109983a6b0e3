"""What the tests ask of a page that is open in a browser."""

import shutil

import pytest

PATIENCE = 120  # seconds, on a machine that does much else
NEEDED = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="no Chromium here; Debian has it in the packages chromium and chromium-driver",
)


def all_of(page, selector, give):
    """The value of a JavaScript expression for each `element` that a selector finds."""
    script = f"return [...document.querySelectorAll('{selector}')].map((element) => {give})"
    return page.execute_script(script)


def choose(page, name, value):
    page.execute_script(
        "const box = document.getElementById(arguments[0]); box.value = arguments[1];"
        "box.dispatchEvent(new Event('input', {bubbles: true}))",
        *(name, value),
    )


def seen(page, selector, give="element.id"):
    """Of elements of which something is on the page."""
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility())"
    )
    return page.execute_script(f"{script}.map((element) => {give})", selector)
