"""Ask one model of Refusal Tokens all test instructions.

    python -m papers.refusal_tokens.evaluate --scale cpu --variant one --seed 0 \\
        --data results/cpu/refusal_tokens/data --trained results/cpu/refusal_tokens/models/one-s0 \\
        --out results/cpu/refusal_tokens/scores/one-s0.parquet \\
        --record results/cpu/refusal_tokens/runs/evaluate-one-s0.json

One forward pass over a prompt gives the probabilities of all control tokens, from which every
threshold is decided later; the model then goes on from the same cache under each forced token and
under the token of its own choice. `--variant base` is the model before tuning. A row of the result
is one instruction; no text of a reply is kept:

    id, part, category, refuse    which instruction, and whether it should be refused
    first                         the likeliest first token, if it is a control token, or ""
    p1_<token>, p2_<token>        probability of each control token, softmax temperature 1 and 2
    refused                       the model's own reply refuses
    refused_<token>               the reply after that token does; null where it was not forced
"""

import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from papers.refusal_tokens.settings import Settings, short
from shared.comparison.scores import write_scores
from shared.errors import one_line_errors
from shared.files import read_jsonl
from shared.generation.batching import common_prefix, length_batches
from shared.generation.decode import decode
from shared.generation.rows import Prefix, Rows
from shared.judges.judge import Judge
from shared.judges.loading import open_judge
from shared.models.added_tokens import token_ids
from shared.models.loading import load
from shared.workflow.programs import named, step_parser, step_settings
from shared.workflow.records import write_run

BASE = "base"
# Parts of the test set that a model is asked: the temporal variant learns another task.
GENERAL = ("original", "contrast", "ordinary")
TEMPORAL = ("temporal", "dated", "leak")
TEMPERATURES = (1, 2)  # of the softmax; 2 is what the released script ends up with


class Examiner:
    """One model with what it takes to question it. `tokens`: its control tokens, or none."""

    def __init__(self, model, tokenizer, settings: Settings, tokens: Sequence[str], judge: Judge):
        self.model, self.tokenizer, self.settings, self.judge = model, tokenizer, settings, judge
        self.names = [short(token) for token in tokens]
        self.ids = token_ids(tokenizer, tokens, of="the tokenizer of the trained model")
        self.stop = {tokenizer.eos_token_id, *self._ids(settings.end)[:1]}
        self.tokens = 0

    def examine(self, rows: list[dict]) -> list[dict]:
        prompts = [
            self._ids(self.settings.prompt.format(instruction=row["instruction"])) for row in rows
        ]
        shared = common_prefix(prompts)
        prefix = Prefix(self.model, prompts[0][:shared]) if shared else None
        own = [ids[shared:] for ids in prompts]
        self.tokens += shared + sum(map(len, own))
        # a prompt goes on in up to as many ways as it has tokens to begin with
        ways = 1 + (3 if self.settings.forced == "likeliest" else len(self.ids))
        at_once = max(1, self.settings.batch_size // ways)
        scores: list[dict] = [{} for _ in rows]
        with tqdm(total=len(rows), unit="instruction", disable=None) as bar:
            lengths = [len(ids) for ids in prompts]
            for batch in length_batches(lengths, at_once, self.settings.batch_tokens // ways):
                asked = Rows(self.model, [own[i] for i in batch], prefix)
                found = self._first_tokens(asked.logits)
                verdicts = self._verdicts(asked, [rows[i]["instruction"] for i in batch])
                for index, score, verdict in zip(batch, found, verdicts, strict=True):
                    scores[index] = score | verdict
                bar.update(len(batch))
        return scores

    def _first_tokens(self, logits: torch.Tensor) -> list[dict]:
        """What the first pass says of each row; logits (rows, vocabulary)."""
        names = dict(zip(self.ids, self.names, strict=True))
        scores = [{"first": names.get(token, "")} for token in logits.argmax(dim=1).tolist()]
        for temperature in TEMPERATURES if self.ids else ():
            chances = (logits.float() / temperature).softmax(dim=1)[:, self.ids].tolist()
            for score, row in zip(scores, chances, strict=True):
                score |= {
                    f"p{temperature}_{name}": chance
                    for name, chance in zip(self.names, row, strict=True)
                }
        return scores

    def _verdicts(self, asked: Rows, requests: Sequence[str]) -> list[dict]:
        """By row, whether the reply of the model's own choice and each forced one refuse."""
        own = asked.logits.argmax(dim=1).tolist()
        forced = self._forced(asked.logits)
        begun = [
            (row, token)
            for row, tokens in enumerate(zip(own, *forced, strict=True))
            for token in dict.fromkeys(tokens)
        ]
        judged = self.judge.refusals(
            [requests[row] for row, _ in begun], self._replies(asked, begun)
        )
        refused = dict(zip(begun, judged, strict=True))
        return [
            {"refused": refused[row, token]}
            | {
                f"refused_{name}": refused.get((row, control))
                for control, name in zip(self.ids, self.names, strict=True)
            }
            for row, token in enumerate(own)
        ]

    def _forced(self, logits: torch.Tensor) -> list[list[int]]:
        """Lists of tokens (rows,), one to be forced before each reply of the batch."""
        if not self.ids:
            return []
        respond, *refusing = self.ids
        if self.settings.forced == "every":
            return [[token] * len(logits) for token in self.ids]
        likeliest = logits[:, refusing].argmax(dim=1).tolist()
        return [[respond] * len(logits), [refusing[place] for place in likeliest]]

    def _replies(self, asked: Rows, begun: Sequence[tuple[int, int]]) -> list[str]:
        """What the model writes after each (row, first token), the token among it."""
        rows, tokens = (torch.tensor(column) for column in zip(*begun, strict=True))
        device = asked.logits.device
        asked.select(rows.to(device))
        asked.append(tokens.to(device).unsqueeze(1))
        decoded = decode(asked, self.settings.reply_tokens, self.stop)
        self.tokens += len(begun) + sum(map(len, decoded.ids))
        whole = [
            [] if token in self.stop else [token, *ids]
            for (_, token), ids in zip(begun, decoded.ids, strict=True)
        ]
        return self.tokenizer.batch_decode(whole, skip_special_tokens=True)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True, help="a variant of the scale, or: base")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trained", type=Path, help="folder of the tuned model")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("refusal_tokens", arguments)
    base = arguments.variant == BASE
    variant = None if base else named(arguments, "variant", settings.variants)
    data = arguments.data / "test.jsonl"
    parts = {*GENERAL, *TEMPORAL} if base else TEMPORAL if variant.temporal else GENERAL
    rows = [row for row in read_jsonl(data) if row["part"] in parts]

    model, tokenizer = load(settings.model, trained=arguments.trained)
    tokens = [] if base else settings.control_tokens(variant.tokens)
    examiner = Examiner(model, tokenizer, settings, tokens, open_judge(settings.judge))
    loaded = time.perf_counter()
    scores = [
        {key: row[key] for key in ("id", "part", "category", "refuse")} | score
        for row, score in zip(rows, examiner.examine(rows), strict=True)
    ]
    write_scores(as_frame(scores), arguments.out)
    seconds = time.perf_counter() - loaded
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[data, *([arguments.trained] if arguments.trained else [])],
        instructions=len(rows),
        tokens=examiner.tokens,
        tokens_per_second=round(examiner.tokens / seconds, 1),
    )


def as_frame(scores: list[dict]) -> pd.DataFrame:
    """Scores as a table: flags that may be missing, names as categories, numbers as float32."""
    frame = pd.DataFrame(scores)
    for column in ("part", "category", "first"):
        frame[column] = frame[column].astype("category")
    for column in [name for name in frame if name.startswith("refused")]:
        frame[column] = frame[column].astype("boolean")
    for column in frame.select_dtypes("float64"):
        frame[column] = frame[column].astype("float32")
    return frame


if __name__ == "__main__":
    one_line_errors(main)
