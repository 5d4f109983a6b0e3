"""Fine-tune one variant of Refusal Tokens.

    python -m papers.refusal_tokens.train --scale cpu --variant one --seed 0 \\
        --data results/cpu/refusal_tokens/data --out results/cpu/refusal_tokens/models/one-s0 \\
        --record results/cpu/refusal_tokens/runs/train-one-s0.json

A reply is learnt as it is, or with a control token before it: [respond], or a refusal token. The
control tokens are added to the vocabulary; their embeddings are trained and saved.
"""

import time
from pathlib import Path

from papers.refusal_tokens.settings import RESPOND, Settings, Variant
from shared.errors import one_line_errors
from shared.files import read_jsonl, sha256
from shared.models.added_tokens import add_tokens
from shared.models.loading import load, save
from shared.settings import SCRATCH
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run


def segments(row: dict, variant: Variant, settings: Settings) -> list[Segment]:
    """The prompt, then what is learnt: the control token, the reply and its end."""
    token = ""
    if variant.tokens != "none":
        refusing = settings.refusal_token(variant.tokens, row["category"])
        token = refusing if row["refuse"] else RESPOND
    return [
        Segment(settings.prompt.format(instruction=row["instruction"]), False),
        *([Segment(token, True)] if token else []),
        Segment(row["reply"] + settings.end, True),
    ]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("refusal_tokens", arguments)
    variant = named(arguments, "variant", settings.variants)
    data = arguments.data / "train.jsonl"
    rows = [row for row in read_jsonl(data) if row["part"] in variant.parts]

    model, tokenizer = load(settings.model)
    tokens = settings.control_tokens(variant.tokens)
    ids = add_tokens(model, tokenizer, tokens)
    made = [
        from_segments(
            tokenizer, segments(row, variant, settings), max_length=settings.training.max_length
        )
        for row in rows
    ]
    key = key_of(
        code_hash("papers.refusal_tokens.train"), settings.model_dump_json(), arguments.variant,
        arguments.seed, sha256(data),
    )  # fmt: skip
    model, record = fine_tune(
        model,
        made,
        settings.training,
        seed=arguments.seed,
        scratch=SCRATCH / f"refusal_tokens-{arguments.variant}-{key}",
        new_tokens=ids,
    )
    save(model, arguments.out, tokenizer)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[data],
        examples=len(made),
        refusals=sum(row["refuse"] for row in rows),
        control_tokens=dict(zip(tokens, ids, strict=True)),
        training=record,
    )


if __name__ == "__main__":
    one_line_errors(main)
