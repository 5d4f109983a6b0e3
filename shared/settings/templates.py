"""Texts of the settings in which a field stands in braces."""

from string import Formatter


def fields(text: str) -> list[str]:
    """The names in braces, each once. Raises `ValueError` for a brace without its other."""
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})


def check_fields(text: str, field: str, needed: bool = True) -> str:
    """The text. Raises `ValueError` if it holds another field than this one, or not even this."""
    found = fields(text)
    if found != [field] and (found or needed):
        said = " and ".join(f"{{{name}}}" for name in found) or "none"
        others = "" if needed else ", or none"
        raise ValueError(f"found {said}; expected {{{field}}} and no other braces{others}")
    return text
