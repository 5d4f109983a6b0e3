"""How numbers are written in a report. What is absent is an en dash, never NaN or None."""

import math
import re

from shared.errors import UserError

ABSENT = "–"


def parsed(text: str | float | None) -> float | None:
    """The number a CSV field or JSON value holds, None where it holds none."""
    if text in (None, "", "nan", "NaN", "None"):
        return None
    try:
        value = float(text)
    except ValueError:
        raise UserError(f"found {text!r} in a table of results, expected a number") from None
    return None if math.isnan(value) else value


def number(value: str | float | None, digits: int = 2, signed: bool = False) -> str:
    found = parsed(value)
    if found is None:
        return ABSENT
    signed = signed and round(found, digits) != 0
    return f"{found:{'+' if signed else ''},.{digits}f}".replace("-", "−")


def count(value: str | float | None) -> str:
    return number(value, 0)


def interval(low: str | float | None, high: str | float | None, digits: int = 2) -> str:
    """`[low, high]`, or nothing where there is no interval."""
    if parsed(low) is None or parsed(high) is None:
        return ""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def decimals(printed: str) -> int:
    """Decimals of a number as the paper prints it: ours is shown with as many."""
    return len(printed.partition(".")[2])


def effect_digits(*values: str | float | None) -> int:
    """Two decimals for effects in percentage points, three where all are below one."""
    largest = max((abs(found) for found in map(parsed, values) if found is not None), default=1)
    return 2 if largest >= 1 else 3


def p_value(value: str | float | None) -> str:
    found = parsed(value)
    if found is None:
        return ABSENT
    return "< 0.001" if found < 0.001 else f"{found:.3f}"


def share(part: str | float | None, whole: str | float | None) -> str:
    """`10 of 12`; absent where there is nothing to count."""
    if not parsed(whole):
        return ABSENT
    return f"{count(part)} of {count(whole)}"


def duration(seconds: str | float | None) -> str:
    found = parsed(seconds)
    if found is None:
        return ABSENT
    whole = round(found)
    if whole < 60:
        return f"{found:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def memory(megabytes: str | float | None) -> str:
    found = parsed(megabytes)
    return ABSENT if found is None else f"{found / 1000:.1f} GB"


def minutes(seconds: float) -> str:
    """Whole minutes, absent for no time at all."""
    return count(math.ceil(seconds / 60)) if seconds else ABSENT


def metric_name(metric: str, unit: str) -> str:
    """`ap` in percent → `AP (%)`; `answer_rate` → `answer rate`."""
    words = " ".join(w.upper() if w in ACRONYMS else w for w in re.split("[_ ]", metric))
    return f"{words} ({unit})" if unit else words


ACRONYMS = {
    "ap",
    "asr",
    "auc",
    "auroc",
    "dsr",
    "ece",
    "f1",
    "gpt",
    "ocr",
    "pca",
    "roc",
    "rouge",
    "rr",
    "sarr",
}
