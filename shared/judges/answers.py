"""Whether a reply holds the right answer: a letter, a formula, or code that passes its tests."""

import re

# The last of these in a reply says which option it means.
_LETTERS = (
    re.compile(r"(?i:answer)(?:\s+is\s*:?|\s*:)\s*\**\s*\(?([A-D])\b"),
    re.compile(r"\\boxed\{\s*(?:\\text\{)?\(?([A-D])\b"),
    re.compile(r"^\s*\(?([A-D])(?:[).:]|\s*$)", re.MULTILINE),
)
_CODE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)


def letter(reply: str) -> str | None:
    """The option that a reply chooses in the end; None if it names none."""
    for pattern in _LETTERS:
        found = pattern.findall(reply)
        if found:
            return found[-1]
    return None


def boxed(reply: str) -> str | None:
    """What stands in the last \\boxed{…} of a reply, braces counted; None without one."""
    start = reply.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for place in range(begin, len(reply)):
        depth += {"{": 1, "}": -1}.get(reply[place], 0)
        if not depth:
            return reply[begin + 1 : place]
    return None


def same_formula(one: str, other: str) -> bool:
    """Whether two answers of MATH are the same but for their notation.

    After the rules of Hendrycks et al. 2021 (arXiv 2103.03874, `is_equiv`): spaces, sizes of
    brackets, units, degrees, percent and dollar signs say nothing, fractions and roots have one
    form, `x = 5` is 5.
    """
    return _normal(one) == _normal(other)


def _normal(text: str) -> str:
    text = re.sub(r"\\[!,;: ]|~", "", text.strip().rstrip("."))
    text = re.sub(r"\\left|\\right|\\displaystyle|\\\$|\$|\\?%|\^\\circ|\^\{\\circ\}", "", text)
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"\\(?:text|mbox|mathrm|textbf)\{\s*(?:and|or)\s*\}", ",", text)
    text = re.sub(r"(?<=[\d}])\s*\\(?:text|mbox|mathrm)\{[^{}]*\}.*$", "", text)  # a unit
    text = re.sub(r"\\(?:text|mbox|mathrm|textbf)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"^[a-zA-Z](?:\\in|=)", "", text)
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac\{([^{}]*)\}(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\sqrt(\w)", r"\\sqrt{\1}", text)
    text = re.sub(r"^(-?\d+)/(-?\d+)$", r"\\frac{\1}{\2}", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)  # of thousands
    text = re.sub(r"(?<!\d)\.(?=\d)", "0.", text)
    return re.sub(r"^(-?\d+)\.0+$", r"\1", text)


def code(reply: str) -> str:
    """The last block of code in a reply, or all of it without one."""
    found = _CODE.findall(reply)
    return found[-1] if found else reply
