"""`workbench convert`: what is there already is not replaced in passing."""

from pathlib import Path

import torch
from safetensors import safe_open

from tests.cli.conftest import Command
from workbench.models.checkpoints import load_model


def test_another_file_is_replaced_only_on_request(
    tiny_weights: Path, tmp_path: Path, command: Command
) -> None:
    target = tmp_path / "out.pth"
    target.write_text("mine")
    ended = command("convert", str(tiny_weights), str(target))
    assert ended.code == 2
    assert "out.pth: is there already and holds something else" in ended.err
    assert target.read_text() == "mine"
    assert command("convert", str(tiny_weights), str(target), "--overwrite").code == 0
    assert command("convert", str(tiny_weights), str(target)).code == 0  # the same network
    again = tmp_path / "again.safetensors"
    for source in (target, tiny_weights, target):  # also where tensors lie in another order
        assert command("convert", str(source), str(again)).code == 0
    with safe_open(tiny_weights, framework="pt") as file:
        assert torch.equal(
            load_model(target).state_dict()["shallow.weight"], file.get_tensor("shallow.weight")
        )
