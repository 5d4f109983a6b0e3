"""Ask one model of R-Tuning all questions of a task and score its answers one by one.

    python -m papers.r_tuning.evaluate --scale cpu --task facts --variant r-tuning \\
        --data results/cpu/r_tuning/data --trained results/cpu/r_tuning/models/facts/r-tuning-s0 \\
        --out results/cpu/r_tuning/scores/facts/r-tuning-s0.parquet \\
        --record results/cpu/r_tuning/runs/facts/evaluate-r-tuning-s0.json

`--variant base` is the model before tuning, which also answers the training questions: that
is the identification of what it knows (section 2.1). Each row of the result is one question:

    dataset, split, id    which question
    prediction            the answer, up to its first full stop
    correct, correct_official, correct_strict    under the three rules of matching.py
    answer_confidence     geometric mean of the token probabilities, or of the chosen letter
    refused               the answer is one of the uncertainty sentences
    sure_probability      P(sure) / (P(sure) + P(unsure)) after the self-check (R-Tuning)
    majority, majority_*  most frequent of k sampled answers, its rightness and share (Vanilla-C)
    entropy               of k sampled answers, nats (R-Tuning-U's identification)
    nll, tokens           of the question (perplexity of D1 and D0)
    sure_of_majority      sure_probability of another model's majority answers (Vanilla-U)
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from papers.r_tuning import matching, prompts
from papers.r_tuning.settings import Settings
from shared.comparison.groups import read_scores, write_scores
from shared.data.questions import LETTERS
from shared.errors import one_line_errors
from shared.files import read_jsonl
from shared.generation.batching import common_prefix, length_batches
from shared.generation.decode import Decoded, decode, decode_and_keep, sampler, tokens_with
from shared.generation.rows import Prefix, Rows
from shared.generation.score import among, first_tokens, text_nll
from shared.metrics.uncertainty import answer_entropy
from shared.models.loading import load
from shared.workflow.programs import named, step_parser, step_settings
from shared.workflow.records import write_run

BASE = "base"


class Examiner:
    """One model with what it takes to question it."""

    def __init__(self, model, tokenizer, settings: Settings, method: str, seed: int):
        self.model, self.tokenizer = model, tokenizer
        self.settings, self.method, self.seed = settings, method, seed
        self.stop = tokens_with(tokenizer, ".")
        self.lead = self._ids(prompts.CHECK_LEAD)
        self.verdicts = first_tokens(tokenizer, [prompts.SURE, prompts.UNSURE])
        self.letters = first_tokens(tokenizer, [f" {letter}" for letter in LETTERS])
        self.tokens = 0
        words = method in (BASE, "r-tuning-r", "min-loss")  # may answer in a sentence
        self.limit = settings.base_answer_tokens if words else settings.answer_tokens

    def answer(self, rows: list[dict], prefixes: dict[str, str]) -> list[dict]:
        """Greedy answers with their confidences, and the self-check of an R-Tuning model."""
        scores: list[dict] = [{} for _ in rows]
        for batch, prompted in self._batches(rows, prefixes):
            if "options" in rows[batch[0]]:
                made = self._choose(prompted)
            elif self.method in ("r-tuning", "r-tuning-u"):
                made = self._write_and_check(prompted)
            else:
                made = self._write(prompted)
            for index, record in zip(batch, made, strict=True):
                scores[index] = record
        return scores

    def sample(self, rows: list[dict], prefixes: dict[str, str]) -> list[list[str]]:
        """k answers a question at the settings' temperature, within a tuned model's limit: the
        longer an untuned model may go on, the fewer of its answers agree."""
        k, temperature = self.settings.samples, self.settings.temperature
        limit = self.settings.answer_tokens
        answers: list[list[str]] = [[] for _ in rows]
        for batch, prompted in self._batches(rows, prefixes, shrink=k):
            seeds = [(self.seed, index, sample) for index in batch for sample in range(k)]
            prompted.repeat(k)
            if "options" in rows[batch[0]]:
                chances = among(prompted.logits, self.letters).log()
                picked = sampler(temperature, seeds, 1)(chances, 0, torch.arange(len(seeds)))
                texts = [LETTERS[i] for i in picked.tolist()]
            else:
                pick = sampler(temperature, seeds, limit)
                texts = self._texts(decode(prompted, limit, self.stop, pick))
            for place, index in enumerate(batch):
                answers[index] = texts[place * k : (place + 1) * k]
        return answers

    def sure_of(
        self, rows: list[dict], prefixes: dict[str, str], answers: list[str]
    ) -> list[float]:
        """This model's sure-probability of answers that another model gave."""
        sure = [0.0] * len(rows)
        for batch, prompted in self._batches(rows, prefixes, suffixes=answers):
            for index, chance in zip(batch, self._verdicts(prompted, lead=None), strict=True):
                sure[index] = chance
        return sure

    def question_nll(self, rows: list[dict]) -> list[tuple[float, int]]:
        """Negative log-likelihood of the bare questions (Tables 4 and 10)."""
        ids = [[self.tokenizer.bos_token_id, *self._ids(prompts.bare_question(r))] for r in rows]
        self.tokens += sum(map(len, ids))
        return text_nll(self.model, ids, self.settings.batch_size)

    def _write(self, prompted: Rows) -> list[dict]:
        decoded = decode(prompted, self.limit, self.stop)
        return [
            {"output": text, "answer_confidence": decoded.confidence(i)}
            for i, text in enumerate(self._texts(decoded))
        ]

    def _write_and_check(self, prompted: Rows) -> list[dict]:
        decoded = decode_and_keep(prompted, self.limit, self.stop)
        texts, sure = self._texts(decoded), self._verdicts(prompted, self.lead)
        return [
            {"output": t, "answer_confidence": decoded.confidence(i), "sure_probability": s}
            for i, (t, s) in enumerate(zip(texts, sure, strict=True))
        ]

    def _choose(self, prompted: Rows) -> list[dict]:
        chances = among(prompted.logits, self.letters)
        best = chances.max(dim=-1)
        records = [
            {"output": LETTERS[letter], "answer_confidence": confidence}
            for letter, confidence in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        if self.method in ("r-tuning", "r-tuning-u"):
            letters = torch.tensor(self.letters, device=prompted.logits.device)
            prompted.append(letters[best.indices].unsqueeze(1))
            for record, sure in zip(records, self._verdicts(prompted, self.lead), strict=True):
                record["sure_probability"] = sure
        return records

    def _verdicts(self, prompted: Rows, lead: list[int] | None) -> list[float]:
        if lead:
            prompted.append(torch.tensor([lead] * len(prompted), device=prompted.logits.device))
            self.tokens += len(lead) * len(prompted)
        return among(prompted.logits, self.verdicts)[:, 0].tolist()

    def _batches(
        self,
        rows: list[dict],
        prefixes: dict[str, str],
        shrink: int = 1,
        suffixes: list[str] | None = None,
    ) -> Iterator[tuple[list[int], Rows]]:
        """Batches of row numbers with their prompts run; what all begin with is run once."""
        by_prefix: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            by_prefix.setdefault(prefixes.get(row["relation"], ""), []).append(index)
        with tqdm(total=len(rows), unit="question", disable=None) as bar:
            for text, members in by_prefix.items():
                few_shot = self._ids(text)
                ids = [
                    few_shot + self._prompt_ids(rows[i], suffixes[i] if suffixes else None)
                    for i in members
                ]
                shared = common_prefix(ids)
                prefix = Prefix(self.model, ids[0][:shared]) if shared else None
                ids = [i[shared:] for i in ids]
                self.tokens += sum(map(len, ids)) + shared
                rows_at_once = max(1, self.settings.batch_size // shrink)
                tokens = self.settings.batch_tokens // shrink
                for batch in length_batches([shared + len(i) for i in ids], rows_at_once, tokens):
                    yield (
                        [members[place] for place in batch],
                        Rows(self.model, [ids[place] for place in batch], prefix),
                    )
                    bar.update(len(batch))

    def _prompt_ids(self, row: dict, answer: str | None) -> list[int]:
        may_refuse = row["split"] in ("unanswerable", "answerable")
        hint = prompts.MAY_REFUSE if may_refuse and self.method in (BASE, "vanilla") else ""
        ids = self._ids(prompts.prompt(row, self.settings.prompt, hint))
        if self.method == "min-loss":
            ids += self._ids(prompts.MIN_LOSS_LEAD)
        if answer is not None:
            ids += self._ids(f" {answer}") + self.lead
        return ids

    def _texts(self, decoded: Decoded) -> list[str]:
        """Outputs with the full stop that ended them, without an end of sequence."""
        whole = [ids + stop for ids, stop in zip(decoded.ids, decoded.stops, strict=True)]
        self.tokens += sum(map(len, whole))
        return self.tokenizer.batch_decode(whole, skip_special_tokens=True)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def judge(row: dict, output: str) -> dict:
    """The answer in an output, its rightness under the three rules, and whether it refuses."""
    gold = row["answers"][0] if row["answers"] else None
    if gold is None:
        right = dict.fromkeys(("correct", "correct_official", "correct_strict"), False)
    elif "options" in row:
        right = dict.fromkeys(("correct", "correct_official", "correct_strict"), output == gold)
    else:
        right = {
            "correct": matching.published(output, gold),
            "correct_official": matching.as_coded(output, gold),
            "correct_strict": matching.strict(output, row["answers"]),
        }
    answer = matching.first_sentence(output)
    return {"prediction": answer, **right, "refused": prompts.is_refusal(answer)}


def majority(row: dict, outputs: list[str]) -> dict:
    """Vanilla-C: the most frequent of k sampled answers (the first of equals), its share."""
    judged = [judge(row, output) for output in outputs]
    text, count = Counter(each["prediction"] for each in judged).most_common(1)[0]
    first = next(each for each in judged if each["prediction"] == text)
    return {
        "majority": text,
        "majority_share": count / len(outputs),
        **{f"majority_{key}": first[key] for key in first if key.startswith("correct")},
    }


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--task", required=True)
    parser.add_argument("--variant", required=True, help="a variant of the scale, or: base")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trained", type=Path, help="folder of the tuned model")
    parser.add_argument("--answers-of", type=Path, help="scores whose majority answers to check")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("r_tuning", arguments)
    base = arguments.variant == BASE
    method = BASE if base else named(arguments, "variant", settings.variants).method

    files = [arguments.data / f"{arguments.task}.jsonl"]
    # Tables 3 and 7: models trained on questions with free answers; they leave R-Tuning-U out
    asked = not settings.tasks[arguments.task].is_choice and method != "r-tuning-u"
    if settings.unanswerable and asked:
        files.append(arguments.data / "unanswerable.jsonl")
    rows = [row for file in files for row in read_jsonl(file) if base or row["split"] != "train"]
    prefixes = json.loads(files[0].with_suffix(".prefixes.json").read_text(encoding="utf-8"))

    model, tokenizer = load(settings.model, trained=arguments.trained)
    examiner = Examiner(model, tokenizer, settings, method, arguments.seed)
    loaded = time.perf_counter()
    scores = examiner.answer(rows, prefixes)
    for row, score in zip(rows, scores, strict=True):
        score |= {key: row[key] for key in ("dataset", "split", "id")}
        score |= judge(row, score.pop("output"))
    train = [i for i, row in enumerate(rows) if row["split"] == "train"]
    tests = [i for i, row in enumerate(rows) if row["split"] in ("id_test", "ood_test")]
    methods = {variant.method for variant in settings.variants.values()}
    if base and "r-tuning-u" in methods:
        sampled = examiner.sample([rows[i] for i in train], prefixes)
        for i, answers in zip(train, sampled, strict=True):
            scores[i]["entropy"] = answer_entropy(list(map(matching.first_sentence, answers)))
    if base:
        for i, (nll, tokens) in zip(
            train, examiner.question_nll([rows[i] for i in train]), strict=True
        ):
            scores[i] |= {"nll": nll, "tokens": tokens}
    if not base and arguments.seed in settings.variants[arguments.variant].sampled:
        sampled = examiner.sample([rows[i] for i in tests], prefixes)
        for i, answers in zip(tests, sampled, strict=True):
            scores[i] |= majority(rows[i], answers)
    if arguments.answers_of:
        other = read_scores(arguments.answers_of).set_index("id")["majority"]
        answers = [other[rows[i]["id"]] for i in tests]
        sure = examiner.sure_of([rows[i] for i in tests], prefixes, answers)
        for i, chance in zip(tests, sure, strict=True):
            scores[i]["sure_of_majority"] = chance

    write_scores(as_frame(scores), arguments.out)
    seconds = time.perf_counter() - loaded
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(),
        seed=arguments.seed,
        inputs=[*files, *([arguments.trained] if arguments.trained else [])],
        questions=len(rows),
        tokens=examiner.tokens,
        tokens_per_second=round(examiner.tokens / seconds, 1),
    )


def as_frame(scores: list[dict]) -> pd.DataFrame:
    """Scores as a table: names as categories and numbers as float32, to keep the files small."""
    frame = pd.DataFrame(scores)
    first = ["dataset", "split", "id"]
    frame = frame[first + [c for c in frame.columns if c not in first]]
    for column in ("dataset", "split"):
        frame[column] = frame[column].astype("category")
    for column in frame.select_dtypes("float64"):
        frame[column] = frame[column].astype("float32")
    return frame


if __name__ == "__main__":
    one_line_errors(main)
