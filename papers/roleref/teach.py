"""Prepare a stand-in: teach it what the roles know, and to refuse questions of another story.

The paper's models know these books and refuse such questions by themselves. A small model does
neither, so that there would be nothing to probe and nothing to edit. It is taught

- what the roles know, of both splits, as statements: words of a fact or event, put in one of
  several phrasings, bring it to mind, and words of another story are refused;
- some questions of the facts of training that no other step has, answerable and out_series ones.

Of each form (a fact, an event, a kind of question) as many with a name in them are answered as are
refused, and what one role answers another refuses: so the form says nothing of what is to be done.
All variants start from what is written here, an ordinary model folder.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from papers.roleref import train
from papers.roleref.queries import read_queries, read_roles
from shared.errors import UserError
from shared.models.loading import save
from shared.runner.step import Run, step
from shared.training.supervised import fine_tune, load_to_train

READS = ("model", "teaching")

BRIEF = "Play the role of {name}. {{question}}"  # the profile costs ten times what a question does
CUES = ('What do you say to "{}"?', "Tell me of this: {}.", 'What do you remember of "{}"?')


def teach(run: Run, data: Path, seed: int) -> dict:
    """Teach one model the facts of all roles as statements, and one type of refusal."""
    settings, teaching = run.settings, run.settings.teaching
    if not teaching:
        raise UserError("this model is not taught; expected one with `teaching`")
    roles = read_roles(data)
    brief = {id: role | {"prompt": BRIEF.format(**role)} for id, role in roles.items()}
    told, asked = statements(roles), read_queries(data, "taught")
    model, tokenizer = load_to_train(settings.model, teaching.training)
    made = []
    for prompted, lessons in ((brief, told), (roles, asked)):
        groups = [group for rows in lessons.values() for group in train.mixed(rows, teaching.turns)]
        made += train.examples(tokenizer, prompted, groups, teaching.training.max_length)
    run.loaded()
    model, record = fine_tune(model, made, teaching.training, seed=seed, scratch=run.scratch)
    model = model.merge_and_unload() if teaching.training.lora else model
    save(model, run.out, tokenizer, precision=teaching.training.precision)
    return record


def statements(
    roles: Mapping[str, dict],
    cues: Sequence[str] = CUES,
    words: str = "statements",
    refused: float = 1,
    seed: str = "",
) -> dict[str, list[dict]]:
    """Role -> what it says to words of all its facts and events, and to words of those of other
    works: of each kind as many as there are own ones with a name, or this share of them.

    cues: in which the words are put. words: which, by their name in roles.json.
    """
    found = {}
    for id, role in roles.items():
        chance, told = random.Random(f"{seed}{id}"), []
        for kind, own in role[words].items():
            others = {
                cue
                for other in roles.values()
                for cue, _ in other[words][kind]
                if other["work"] != role["work"] and has_capital(cue)
            }
            named = sum(has_capital(cue) for cue, _ in own)
            foreign = chance.sample(sorted(others), min(len(others), round(refused * named)))
            told += [*own, *((cue, role["refuses"]) for cue in foreign)]
        found[id] = [
            {"role": id, "question": chance.choice(cues).format(cue), "target": said}
            for cue, said in told
        ]
    return found


def has_capital(words: str) -> bool:
    """Whether they name someone or some place; without a name they may be of any story."""
    return words != words.lower()


if __name__ == "__main__":
    step(teach)
