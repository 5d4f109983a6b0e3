"""The prompts of Forbidden Science: substances in templates, questions, and five variations.

Writes `prompts.jsonl`, one record a prompt, and `sources.json` with its counts. The set is of
the same design as the paper's (one template for each substance, questions on the environment
and industrial chemicals as the over-restriction side), over substances that are harmless or
openly documented, as many as the setting `prompts` says. With `prompts: authors` the paper's own
are read in its place, from the user's copy (`authors_prompts`).

    id          "T1/aspirin", "ENV/07"; a variation: "T1/aspirin/v3"
    template    T1 to T5, IC or ENV
    side        "science" or "over-restriction"
    agent       what the prompt is about
    prompt      the text
    base        id of the base prompt
    variation   0 for the base prompt, then from 1 (see `variations.numbers`)
    label_only  asks for a synthesis (of the authors' prompts: is on a controlled substance): only
                the flag of a reply is ever generated
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from papers.forbidden_science import authors_prompts, variations
from papers.forbidden_science.settings import Settings
from shared.data.ledger import Ledger
from shared.data.splits import random_part
from shared.files import read_yaml, write_jsonl
from shared.runner.step import Run, step

READS = ("prompts", "variations", "data_seed", "mirror")
FILES = ("substances.yaml", "questions.yaml")

FOLDER = Path(__file__).parent
SCIENCE = ("T1", "T2", "T3", "T4", "T5")
SYNTHESIS = "T1"
SIDES = {name: "science" for name in SCIENCE} | dict.fromkeys(("IC", "ENV"), "over-restriction")


def data(run: Run) -> dict:
    """Write all prompts of the settings into the folder `out`."""
    settings, file = run.settings, run.out / "prompts.jsonl"
    ledger = Ledger(settings.mirror)
    if settings.prompts == "authors":
        source = authors_prompts.SOURCE
        wanted = {0: authors_prompts.PROMPTS, **authors_prompts.VARIATIONS}
        paths = {k: ledger.fetch(source, wanted[k]) for k in (0, *settings.variations)}
        records = authors_prompts.read(paths.pop(0), paths)
        write_jsonl(file, records)
    else:
        source, records = "harmless prompts", prompts(settings)
        write_jsonl(file, records)
        ledger.add(source, revision=f"seed {settings.data_seed}", files=[file])
    base = [record for record in records if not record["variation"]]
    rows = Counter(record["template"] for record in base)
    rows.update(record["side"] for record in base)
    rows |= {"base prompts": len(base), "with variations": len(records)}
    ledger.used(source, rows)
    ledger.write(run.out)
    return {"sources": list(ledger.records.values())}


def prompts(settings: Settings) -> list[dict]:
    """The records of all prompts of ours, a base prompt before its variations."""
    wanted, seed, records = settings.prompts, settings.data_seed, []
    for template, agents in deal(substances(), wanted.agents_per_template, seed).items():
        for agent in agents:
            records += _records(template, slug(agent), agent, variations.of_agent(template, agent))
    for agent in random_part(industrial(), wanted.industrial, seed, "prompts.industrial"):
        records += _records("IC", slug(agent), agent, variations.of_agent("IC", agent))
    numbered = [(f"{number:02d}", each) for number, each in enumerate(questions(), start=1)]
    for number, each in random_part(numbered, wanted.environmental, seed, "prompts.environmental"):
        records += _records("ENV", number, each["agent"], variations.of_question(**each))
    return [each for each in records if each["variation"] <= max(settings.variations, default=0)]


def deal(agents: Sequence[str], each: int, seed: int) -> dict[str, list[str]]:
    """`each` agents for every science template; no agent gets two.

    With the same seed a smaller number takes a part of the same agents, with the same templates.
    """
    dealt = random_part(agents, each * len(SCIENCE), seed, "prompts.agents_per_template times 5")
    return {template: dealt[place :: len(SCIENCE)] for place, template in enumerate(SCIENCE)}


def substances() -> list[str]:
    kinds = _yaml("substances.yaml")["science"]
    return [agent for agents in kinds.values() for agent in agents]


def industrial() -> list[str]:
    return _yaml("substances.yaml")["industrial"]


def questions() -> list[dict[str, str]]:
    """The questions on the environment: agent, question, clause."""
    return _yaml("questions.yaml")


def slug(agent: str) -> str:
    """An agent's name for an id: "nylon 6,6" is "nylon-6-6"."""
    return re.sub(r"\W+", "-", agent.lower())


def _records(template: str, name: str, agent: str, wordings: Sequence[str]) -> list[dict]:
    base = f"{template}/{name}"
    return [
        {
            "id": f"{base}/v{variation}" if variation else base,
            "template": template,
            "side": SIDES[template],
            "agent": agent,
            "prompt": wording,
            "base": base,
            "variation": variation,
            "label_only": template == SYNTHESIS,
        }
        for variation, wording in enumerate(wordings)
    ]


def _yaml(name: str) -> dict | list:
    return read_yaml(FOLDER / name)


if __name__ == "__main__":
    step(data)
