"""A family of small language models that the pipeline trains from nothing on text of its own.

Where a claim needs several sizes, many examples or knowledge that is controlled, no pretrained
model will do: what these know is what their text says, and as often as it says it. They are Llamas
of several sizes with a vocabulary learnt from the text. One slow core trains them, in sequences of
40 tokens, on 17,000 (200K), 7,000 (1M), 2,400 (5M) or 650 (20M) tokens a second.

    tokenizer = vocabulary("words", texts)
    model = assemble(spec, tokenizer, seed=0)
    model, record = fine_tune(model, examples, training, seed=0, scratch=scratch)
    save(model, folder, tokenizer)

The folder is that of an ordinary Transformers model, which `load` and `open_chat` read as `path:`.
"""

from collections.abc import Iterable

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from shared.models.spec import SmallLm

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
# A word takes the space before it along, so that joining the tokens gives the text back.
SPLITS = {"words": r" ?\w+| ?[^\w\s]|\s", "characters": r"[\s\S]"}
PIECES = 4096  # tokens of a vocabulary of pieces, at most
# A message a line, and an end of sequence after what the model says: no token is spent on roles.
TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}"
    "{{ eos_token if message['role'] == 'assistant' else '\n' }}{% endfor %}"
)
SIZES = {  # by parameters without embeddings: 13 * hidden_size ** 2 a layer
    "200K": {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4},
    "1M": {"hidden_size": 128, "num_hidden_layers": 5, "num_attention_heads": 4},
    "3M": {"hidden_size": 192, "num_hidden_layers": 6, "num_attention_heads": 4},
    "5M": {"hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4},
    "20M": {"hidden_size": 512, "num_hidden_layers": 6, "num_attention_heads": 8},
}


def vocabulary(
    kind: str, texts: Iterable[str], special: Iterable[str] = (), template: str = TEMPLATE
) -> PreTrainedTokenizerFast:
    """A tokenizer learnt from the texts: of all their words or characters, or of at most PIECES
    pieces of words (byte pairs), which leave no text unknown.

    special: further texts that are one token each. template: of chats.
    """
    tokenizer = _pieces(texts) if kind == "pieces" else _whole(kind, texts)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=UNKNOWN,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        additional_special_tokens=list(special),
        chat_template=template,
        clean_up_tokenization_spaces=False,
    )


def assemble(spec: SmallLm, tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """The model with random weights for the tokens of the tokenizer."""
    size = SIZES[spec.size]
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        intermediate_size=3 * size["hidden_size"],
        initializer_range=size["hidden_size"] ** -0.5,  # logits have a variance of about one
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
        **size,
    )
    return LlamaForCausalLM(config).eval()


def _whole(kind: str, texts: Iterable[str]) -> Tokenizer:
    split = pre_tokenizers.Split(Regex(SPLITS[kind]), behavior="isolated")
    found = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    tokens = [UNKNOWN, BEGIN, END, *sorted(found)]
    tokenizer = Tokenizer(models.WordLevel({t: i for i, t in enumerate(tokens)}, UNKNOWN))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def _pieces(texts: Iterable[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        special_tokens=[UNKNOWN, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
