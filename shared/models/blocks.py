"""The blocks of a decoder, whatever its architecture calls them."""

from torch import nn

from shared.errors import UserError


def decoder_blocks(model: nn.Module) -> nn.ModuleList:
    """The blocks of a causal language model in order, also under an adapter of PEFT, or beside the
    encoder of a vision-language model.

    They are the one list of modules that is as long as the config says the model is deep.
    Raises `UserError` if there is none, or more than one.
    """
    depth = model.config.get_text_config().num_hidden_layers
    decoder = model.get_decoder()
    lists = [m for m in decoder.modules() if isinstance(m, nn.ModuleList) and len(m) == depth]
    if len(lists) != 1:
        raise UserError(
            f"{type(model).__name__}: found {len(lists)} lists of {depth} modules; expected one, "
            "the blocks of a decoder"
        )
    return lists[0]
