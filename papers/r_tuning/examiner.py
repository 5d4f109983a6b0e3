"""One model of R-Tuning and the passes in which it is questioned."""

from collections.abc import Iterator

import pandas as pd
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from papers.r_tuning import prompts
from papers.r_tuning.methods import Method
from papers.r_tuning.settings import Settings
from shared.data.questions import LETTERS
from shared.generation.decode import Decoded, decode, decode_and_keep, sampler, tokens_with
from shared.generation.prompts import batches, in_order, tokens_run
from shared.generation.rows import Rows
from shared.generation.score import among, first_tokens, text_nll
from shared.models.tokens import continuation

ANSWERED = "Answer: A"  # the self-check is tokenised as it stands behind an answer


class Examiner:
    """One model with what it takes to question it. Each pass gives what it found by question id."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settings: Settings,
        method: Method,
        seed: int = 0,
    ):
        self.model, self.tokenizer = model, tokenizer
        self.settings, self.method, self.seed = settings, method, seed
        self.stop = tokens_with(tokenizer, ".")
        self.lead = continuation(tokenizer, ANSWERED, prompts.CHECK_LEAD)
        verdicts = (prompts.SURE, prompts.UNSURE)
        self.verdicts = first_tokens(tokenizer, verdicts, ANSWERED + prompts.CHECK_LEAD)
        self.letters = first_tokens(tokenizer, [f" {letter}" for letter in LETTERS], "Answer:")
        self.tokens = 0

    def answer(self, rows: list[dict]) -> pd.DataFrame:
        """Greedy answers: output, answer_confidence, and sure_probability of a model that checks
        itself."""

        def made(row: dict, prompted: Rows) -> list[dict]:
            if "options" in row:
                found = self._choose(prompted, self.letters[: len(row["options"])])
            else:
                found = self._write(prompted, self._limit(row))
            if not self.method.checks:
                return found
            sure = self._verdicts(prompted, self.lead)
            return [r | {"sure_probability": s} for r, s in zip(found, sure, strict=True)]

        scores = in_order(
            (batch, made(rows[batch[0]], prompted)) for batch, prompted in self._batches(rows)
        )
        return pd.DataFrame(scores, index=_ids_of(rows))

    def sample(self, rows: list[dict]) -> pd.Series:
        """k answers a question at the settings' temperature."""
        k, temperature = self.settings.samples, self.settings.temperature

        def drawn(batch: list[int], prompted: Rows) -> list[list[str]]:
            seeds = [(self.seed, index, sample) for index in batch for sample in range(k)]
            prompted.repeat(k)
            if "options" in rows[batch[0]]:
                letters = self.letters[: len(rows[batch[0]]["options"])]
                chances = among(prompted.logits, letters).log()
                picked = sampler(temperature, seeds, 1)(chances, 0, torch.arange(len(seeds)))
                texts = [LETTERS[i] for i in picked.tolist()]
            else:
                limit = self._limit(rows[batch[0]])
                pick = sampler(temperature, seeds, limit)
                texts = self._texts(decode(prompted, limit, self.stop, pick))
            return [texts[place * k : (place + 1) * k] for place in range(len(batch))]

        answers = in_order(
            (batch, drawn(batch, prompted)) for batch, prompted in self._batches(rows, ways=k)
        )
        return pd.Series(answers, index=_ids_of(rows))

    def check(self, rows: list[dict], answers: pd.Series) -> pd.Series:
        """This model's sure-probability of answers that another model gave."""
        suffixes = [answers[row["id"]] for row in rows]
        sure = in_order(
            (batch, self._verdicts(prompted, lead=None))
            for batch, prompted in self._batches(rows, suffixes=suffixes)
        )
        return pd.Series(sure, index=_ids_of(rows), dtype=float)

    def nll(self, rows: list[dict]) -> pd.DataFrame:
        """Negative log-likelihood of the bare questions and their tokens (Tables 4 and 10). A
        question begins as the tokenizer begins a plain text: a token such as <|im_start|> before
        it would make it unlikely."""
        ids = [self.tokenizer(prompts.bare_question(row))["input_ids"] for row in rows]
        self.tokens += sum(map(len, ids))
        found = text_nll(self.model, ids, self.settings.batch_size)
        return pd.DataFrame(found, columns=["nll", "tokens"], index=_ids_of(rows))

    def _write(self, prompted: Rows, limit: int) -> list[dict]:
        into = decode_and_keep if self.method.checks else decode
        decoded = into(prompted, limit, self.stop)
        return [
            {"output": text, "answer_confidence": decoded.confidence(i)}
            for i, text in enumerate(self._texts(decoded))
        ]

    def _choose(self, prompted: Rows, letters: list[int]) -> list[dict]:
        best = among(prompted.logits, letters).max(dim=-1)
        if self.method.checks:
            picked = torch.tensor(letters, device=prompted.logits.device)[best.indices]
            prompted.append(picked.unsqueeze(1))
        return [
            {"output": LETTERS[letter], "answer_confidence": confidence}
            for letter, confidence in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def _verdicts(self, prompted: Rows, lead: list[int] | None) -> list[float]:
        if lead:
            prompted.append(torch.tensor([lead] * len(prompted), device=prompted.logits.device))
            self.tokens += len(lead) * len(prompted)
        return among(prompted.logits, self.verdicts)[:, 0].tolist()

    def _batches(
        self, rows: list[dict], ways: int = 1, suffixes: list[str] | None = None
    ) -> Iterator[tuple[list[int], Rows]]:
        """Batches of row numbers with their prompts run. Each relation has its own beginning; all
        rows of a batch have as many options and the same limit."""
        groups = [(r["before"], len(r.get("options", ())), self._limit(r)) for r in rows]
        answers = suffixes or [None] * len(rows)
        prompts = [self._prompt_ids(row, answer) for row, answer in zip(rows, answers, strict=True)]
        self.tokens += tokens_run(prompts, groups)
        sizes = {name: getattr(self.settings, name) for name in ("batch_size", "batch_tokens")}
        longest = max(map(self._limit, rows), default=0)
        how = {"new_tokens": longest, "ways": ways, "groups": groups, "unit": "question"}
        yield from batches(self.model, prompts, **sizes, **how)

    def _prompt_ids(self, row: dict, answer: str | None) -> list[int]:
        may_refuse = row["split"] in ("unanswerable", "answerable")
        hint = self.method.may_refuse if may_refuse else ""
        before = prompts.prompt(row, self.settings.prompt, hint)
        ids = self._ids(before) + continuation(self.tokenizer, before, self.method.lead)
        if answer is not None:
            ids += continuation(self.tokenizer, before, f" {answer}") + self.lead
        return ids

    def _limit(self, row: dict) -> int:
        """Most tokens of an answer."""
        if row["split"] == "train":
            return self.settings.identify_tokens
        return (
            self.settings.passage_answer_tokens if "prompt" in row else self.settings.answer_tokens
        )

    def _texts(self, decoded: Decoded) -> list[str]:
        """Outputs with the full stop that ended them, without an end of sequence."""
        whole = [ids + stop for ids, stop in zip(decoded.ids, decoded.stops, strict=True)]
        self.tokens += sum(map(len, whole))
        return self.tokenizer.batch_decode(whole, skip_special_tokens=True)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def _ids_of(rows: list[dict]) -> list[str]:
    return [row["id"] for row in rows]
