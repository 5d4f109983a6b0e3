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


class Examiner:
    """One model with what it takes to question it. Each pass gives what it found by question id."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settings: Settings,
        method: Method,
        prefixes: dict[str, str],
        seed: int = 0,
    ):
        self.model, self.tokenizer = model, tokenizer
        self.settings, self.method, self.seed = settings, method, seed
        self.prefixes = prefixes  # text before the questions of a relation
        self.stop = tokens_with(tokenizer, ".")
        self.lead = self._ids(prompts.CHECK_LEAD)
        self.verdicts = first_tokens(tokenizer, [prompts.SURE, prompts.UNSURE])
        self.letters = first_tokens(tokenizer, [f" {letter}" for letter in LETTERS])
        self.tokens = 0
        self.limit = settings.base_answer_tokens if method.in_words else settings.answer_tokens

    def answer(self, rows: list[dict]) -> pd.DataFrame:
        """Greedy answers: output, answer_confidence, and sure_probability of a model that checks
        itself."""

        def made(row: dict, prompted: Rows) -> list[dict]:
            if "options" in row:
                return self._choose(prompted)
            return self._write_and_check(prompted) if self.method.checks else self._write(prompted)

        scores = in_order(
            (batch, made(rows[batch[0]], prompted)) for batch, prompted in self._batches(rows)
        )
        return pd.DataFrame(scores, index=_ids_of(rows))

    def sample(self, rows: list[dict]) -> pd.Series:
        """k answers a question at the settings' temperature, within a tuned model's limit: the
        longer an untuned model may go on, the fewer of its answers agree."""
        k, temperature = self.settings.samples, self.settings.temperature
        limit = self.settings.answer_tokens

        def drawn(batch: list[int], prompted: Rows) -> list[list[str]]:
            seeds = [(self.seed, index, sample) for index in batch for sample in range(k)]
            prompted.repeat(k)
            if "options" in rows[batch[0]]:
                chances = among(prompted.logits, self.letters).log()
                picked = sampler(temperature, seeds, 1)(chances, 0, torch.arange(len(seeds)))
                texts = [LETTERS[i] for i in picked.tolist()]
            else:
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
        """Negative log-likelihood of the bare questions and their tokens (Tables 4 and 10)."""
        ids = [[self.tokenizer.bos_token_id, *self._ids(prompts.bare_question(r))] for r in rows]
        self.tokens += sum(map(len, ids))
        found = text_nll(self.model, ids, self.settings.batch_size)
        return pd.DataFrame(found, columns=["nll", "tokens"], index=_ids_of(rows))

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
        if self.method.checks:
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
        self, rows: list[dict], ways: int = 1, suffixes: list[str] | None = None
    ) -> Iterator[tuple[list[int], Rows]]:
        """Batches of row numbers with their prompts run; each relation has its own beginning."""
        before = [self.prefixes.get(row["relation"], "") for row in rows]
        prompts = [
            self._ids(text) + self._prompt_ids(row, suffixes[i] if suffixes else None)
            for i, (text, row) in enumerate(zip(before, rows, strict=True))
        ]
        self.tokens += tokens_run(prompts, before)
        sizes = {name: getattr(self.settings, name) for name in ("batch_size", "batch_tokens")}
        how = {"ways": ways, "groups": before, "unit": "question"}
        yield from batches(self.model, prompts, **sizes, **how)

    def _prompt_ids(self, row: dict, answer: str | None) -> list[int]:
        may_refuse = row["split"] in ("unanswerable", "answerable")
        hint = self.method.may_refuse if may_refuse else ""
        ids = self._ids(prompts.prompt(row, self.settings.prompt, hint))
        if self.method.lead:
            ids += self._ids(self.method.lead)
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


def _ids_of(rows: list[dict]) -> list[str]:
    return [row["id"] for row in rows]
