"""Code of networks of one's own goes from one store to another with its study."""

from pathlib import Path

import pytest

from tests.builders.own_modules import GATE, NET, change, write_modules
from tests.builders.stores import STUDY, declaration, files_of, finish, json_of, rewrite
from workbench.config.module import ModuleConfig
from workbench.config.network import parse_network
from workbench.config.overrides import apply_overrides
from workbench.errors import ConfigError
from workbench.experiments.declaration import Study
from workbench.experiments.declaring import merge
from workbench.experiments.exported import MANIFEST, open_export
from workbench.experiments.transfer import export_study, import_export
from workbench.models.factory import build_model
from workbench.store.sources import keep_sources, load_sources
from workbench.store.store import Store

OURS, THEIRS, OUT = Path("ours"), Path("theirs"), Path("out")


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleConfig:
    """Declare a study of a network and an attention of one's own, with their code in the store."""
    monkeypatch.chdir(write_modules(tmp_path))
    net = parse_network(NET)
    made = declaration("first", 100.0)
    base, variant = made.arms
    gate = apply_overrides(base.config, {"model.spatial_attention": GATE})
    arms = (
        base.model_copy(update={"config": gate}),
        variant.model_copy(update={"config": base.config.model_copy(update={"model": net})}),
    )
    study = Study(study=STUDY, declarations=(made.model_copy(update={"arms": arms}),))
    merge(THEIRS, study)
    keep_sources([gate.model, net], THEIRS)
    finish(THEIRS, "tiny", 1)
    assert isinstance(net, ModuleConfig)
    return net


def forget(patch: pytest.MonkeyPatch) -> None:
    """Let this process know no sources, as a new one does where the code is not."""
    for file in Path().glob("my_*.py"):
        file.unlink()
    patch.setattr("workbench.config.sources._KNOWN", {})
    patch.setattr("workbench.models.source_import._CLASSES", {})


def test_a_network_of_ones_own_is_built_from_an_imported_study(
    net: ModuleConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = export_study(THEIRS, STUDY, OUT)
    assert (done.finished, done.weights, done.without_code) == (1, 1, ())
    assert json_of(OUT / MANIFEST)["format"] == 3
    code = {name for name in files_of(OUT) if name.endswith(".py")}
    assert {Path(name).name for name in code} == {"my_nets.py", "my_parts.py", "my_attention.py"}
    assert done.size_bytes == sum(
        len(files_of(OUT)[name]) for name in {*files_of(OUT)} - {MANIFEST}
    )
    forget(monkeypatch)
    imported = import_export(open_export(OUT), OURS)
    assert imported.code == ("my_attention:Gate", "my_nets:Net")
    assert {name for name in files_of(OURS) if name.endswith(".py")} == code
    with pytest.raises(ConfigError, match="there is no module 'my_nets'"):
        build_model(net)
    load_sources(net, OURS)
    assert len(dict(build_model(net).named_parameters())) == 6
    again = import_export(open_export(OUT), OURS)
    assert (again.code, again.changed) == ((), False)
    changed = next(Store(OURS).source(net.mark.digest).glob("my_nets.py"))
    whole = changed.read_text()
    changed.write_text("")  # as after a full disk
    assert import_export(open_export(OUT), OURS).code == ("my_nets:Net",)
    assert changed.read_text() == whole


@pytest.mark.parametrize(
    ("digest", "name", "content", "text"),
    [
        (None, "my_parts.py", b"print(1)", r"not the code of my_nets:Net .* a file differs"),
        (None, "more.py", b"", r"not the code of my_nets:Net .* missing or left over"),
        (None, "more.py", b"\xff", r"more\.py: not UTF-8 text"),
        ("0" * 32, "more.py", b"", "no code of any network of the study"),
    ],
)
def test_code_that_the_networks_were_not_made_with_is_refused(
    digest: str | None, name: str, content: bytes, text: str, net: ModuleConfig
) -> None:
    export_study(THEIRS, STUDY, OUT)
    found = digest or net.mark.digest
    rewrite(OUT, f"sources/{found}/{name}", content)
    with pytest.raises(ConfigError, match=rf"{found}.*{text}"):
        open_export(OUT)


def test_code_that_the_store_does_not_have_is_named(net: ModuleConfig) -> None:
    change(Store(THEIRS).source(net.mark.digest) / "my_nets.py", "return", "return  ")
    done = export_study(THEIRS, STUDY, OUT)
    assert done.without_code == ("my_nets:Net",)
    assert import_export(open_export(OUT), OURS).code == ("my_attention:Gate",)
