"""Benchmarks on which others measured the released checkpoints, and the sets that tables name."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from shared.data import refusal_benchmarks as readers
from shared.data.refusal_benchmarks import Request

Name = Literal[
    "wildguard", "wildjailbreak", "or_bench", "xstest",
    "sorry_bench", "advbench", "harmful_qa", "do_not_answer",
]  # fmt: skip


class Benchmark(NamedTuple):
    """benign, harmful: names of its sets in tables, "" for none."""

    read: Callable[[Path, str], list[Request]]
    benign: str
    harmful: str

    def set_of(self, request: Request) -> str:
        return self.harmful if request.refuse else self.benign


BENCHMARKS: dict[Name, Benchmark] = {  # by source of the catalogue
    "wildguard": Benchmark(readers.read_wildguard, "WildGuard unharmful", "WildGuard harmful"),
    "wildjailbreak": Benchmark(
        readers.read_wildjailbreak,
        "WildJailbreak adversarial benign",
        "WildJailbreak adversarial harmful",
    ),
    "or_bench": Benchmark(readers.read_or_bench, "OR-Bench hard", "OR-Bench toxic"),
    "xstest": Benchmark(readers.read_xstest, "XSTest safe", "XSTest unsafe"),
    "sorry_bench": Benchmark(readers.read_sorry_bench, "", "SORRY-Bench"),
    "advbench": Benchmark(readers.read_advbench, "", "AdvBench"),
    "harmful_qa": Benchmark(readers.read_harmful_qa, "", "HarmfulQA"),
    "do_not_answer": Benchmark(readers.read_do_not_answer, "", "Do-Not-Answer"),
}
BENIGN = tuple(each.benign for each in BENCHMARKS.values() if each.benign)
HARMFUL = tuple(each.harmful for each in BENCHMARKS.values())
SETS = (*BENIGN, *HARMFUL)
