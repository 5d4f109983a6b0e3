"""Put a trained adapter on the Hugging Face hub, with a card made from the record of its training.

    python -m shared.report.push results/gpu/resa/models/SmolLM2-135M/resa-sft-s0
    python -m shared.report.push results/gpu/resa/models/SmolLM2-135M/resa-sft-s0 --to ORG/NAME

The first shows the card and sends nothing. With --to the adapter and its card become a repository
that only you see, or, with --public, everyone. HF_TOKEN is a token of yours that may write. No run
does this by itself.
"""

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError, HTTPError, OfflineModeIsEnabled

from shared.errors import UserError, one_line_errors
from shared.files import read_json, write_json
from shared.report.model_card import Adapter, adapter_in, card

PARTS = ("adapter_*.safetensors", "adapter_*.bin", "token*", "special_tokens*", "*.jinja")


def stage(adapter: Adapter, folder: Path) -> None:
    """Write what is sent: weights, tokenizer, the card, and a configuration without a place of this
    machine."""
    for pattern in PARTS:
        for path in adapter.folder.glob(pattern):
            shutil.copy(path, folder)
    config = read_json(adapter.folder / "adapter_config.json", dict)
    base = {"base_model_name_or_path": adapter.base, "revision": adapter.revision}
    write_json(folder / "adapter_config.json", config | base)
    (folder / "README.md").write_text(card(adapter), encoding="utf-8")


def push(adapter: Adapter, to: str, public: bool) -> str:
    """The address of the repository. Raises `UserError` if the hub does not take it."""
    with TemporaryDirectory() as folder:
        stage(adapter, Path(folder))
        hub = HfApi()
        try:
            hub.create_repo(to, private=not public, exist_ok=True)
            commit = f"{adapter.variant} at {str(adapter.record.get('commit'))[:10]}"
            hub.upload_folder(repo_id=to, folder_path=folder, commit_message=commit)
        except (HTTPError, HFValidationError, OfflineModeIsEnabled) as error:
            said = " ".join(str(error).split())
            raise UserError(f"{to}: {said}; HF_TOKEN must be a token that may write") from None
    return f"{hub.endpoint}/{to}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("adapter", type=Path, help="its folder, below results/RUN/PAPER/models")
    parser.add_argument("--to", help="ORG/NAME on the hub; without it nothing is sent")
    parser.add_argument("--public", action="store_true", help="let everyone see it")
    arguments = parser.parse_args()
    adapter = adapter_in(arguments.adapter)
    if not arguments.to:
        print(card(adapter))
        return
    print(push(adapter, arguments.to, arguments.public))


if __name__ == "__main__":
    one_line_errors(main)
