"""Random weights of the papers' own classes, written as a repository of the hub holds them."""

from functools import cache
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.errors import UserError
from shared.files import atomic, read_json, read_yaml, write_json
from shared.models.checkpoint import architecture
from shared.models.processors import BUILDERS, INTERNVL_TOKENS, token_fields
from shared.planning.rehearsal.tokenizers import TokenizerKind, write_tokenizer
from shared.settings import Strict

MODELS = Path(__file__).with_name("models.yaml")
WIDTH = 32  # of every layer
NARROW = {"hidden_size": WIDTH, "intermediate_size": WIDTH, "max_position_embeddings": 8192}
OPINIONS = 0.3  # standard deviation of the weights: with 0.02 every token would be as likely


class Kind(Strict):
    """What stands in for the models of one kind."""

    models: list[str]  # ids on the hub
    architecture: str  # class name in transformers
    config: dict
    tokenizer: TokenizerKind
    adapter: bool = False  # the repository has an adapter of such a model alone
    says: tuple[str, str] | None = None  # one of which is always likeliest, where it is a judge

    def write(self, folder: Path) -> None:
        """Weights, tokenizer and, for a model that sees, its processor; whole or not at all."""
        with atomic(folder) as temporary:
            temporary.mkdir()
            tokenizer = write_tokenizer(self.tokenizer, temporary)
            if build := BUILDERS.get(self.architecture):
                processor = build(self.config["vision_config"], tokenizer)
                processor.save_pretrained(temporary)
                _name_tokens(temporary / "tokenizer_config.json", tokenizer)
            torch.manual_seed(0)
            made = architecture(self.architecture)
            model = made(made.config_class(**self._config(tokenizer)))
            if self.says:
                _of_two(model, tokenizer.convert_tokens_to_ids(list(self.says)))
            if self.adapter:
                model = get_peft_model(model, LoraConfig(init_lora_weights=False))
            model.save_pretrained(temporary)

    def _config(self, tokenizer: PreTrainedTokenizerBase) -> dict:
        words = {"vocab_size": len(tokenizer)}
        ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
        text = NARROW | words | {"initializer_range": OPINIONS}
        if "text_config" not in self.config:
            return text | ends | self.config
        vision = {"hidden_size": WIDTH, "intermediate_size": WIDTH} | self.config["vision_config"]
        own = {"text_config": text | ends | self.config["text_config"], "vision_config": vision}
        return token_fields(tokenizer) | self.config | own


@torch.no_grad()
def _of_two(model: PreTrainedModel, tokens: list[int]) -> None:
    """Make two tokens as likely as their opposites, and all others less so than one of them."""
    table = model.get_output_embeddings().weight
    one, other = tokens
    row = table[one].clone()
    table.zero_()
    table[one], table[other] = row, -row


def _name_tokens(config: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    """Name InternVL's tokens of pictures as released configurations do; saving leaves that out."""
    if INTERNVL_TOKENS["context_image_token"] in tokenizer.get_vocab():
        write_json(config, read_json(config, dict) | {"extra_special_tokens": INTERNVL_TOKENS})


@cache
def kinds() -> dict[str, Kind]:
    rows = read_yaml(MODELS)
    return {name: Kind(**row) for name, row in rows.items()}


def kind_of(model: str) -> Kind:
    """What stands in for a model of the hub. Raises `UserError` if it is in no kind."""
    for each in kinds().values():
        if model in each.models:
            return each
    raise UserError(f"{model}: no stand-in for the rehearsal in {MODELS.name}; add it to a kind")
