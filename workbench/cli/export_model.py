"""`workbench export-model`: a network as a file that runs without the workbench."""

from typing import TYPE_CHECKING

from workbench.cli.export_model_options import (
    ExtraDataOption,
    FileArgument,
    FormatOption,
    LrOption,
    NameOption,
    OutOption,
    OverwriteOption,
    PrecisionOption,
    PresetOption,
    SeedOption,
    StudyOption,
    TeamOption,
    VariantOption,
    check_format,
)
from workbench.cli.options import JsonOption, StoreOption
from workbench.experiments.defaults import DEFAULT_STORE

if TYPE_CHECKING:  # which --help does not need
    from workbench.experiments.model_export import ExportedModel
    from workbench.experiments.ntire_folder import NtireFolder


def export_model(
    file: FileArgument = None,
    preset: PresetOption = None,
    study: StudyOption = None,
    variant: VariantOption = None,
    seed: SeedOption = None,
    team: TeamOption = None,
    name: NameOption = None,
    extra_data: ExtraDataOption = False,
    lr: LrOption = None,
    precision: PrecisionOption = "fp32",
    format_: FormatOption = "onnx",
    out: OutOption = None,
    overwrite: OverwriteOption = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Export a network as ONNX, TorchScript, or the folder of an NTIRE challenge entry.

    What is written is run first at four sizes: it must give the output of PyTorch.

    Example:
        workbench export-model mdrn-s.pth --format onnx
        workbench export-model mdrn-s.pth --format ntire --team 7 --lr DIV2K_LSDIR_valid_LR
    """
    check_format(
        format_,
        ntire={"--team": team, "--name": name, "--extra-data": extra_data, "--lr": lr},
        files={"--precision fp16": precision == "fp16", "--overwrite": overwrite},
    )
    # torch, which --help does not need
    from workbench.cli.console import print_json
    from workbench.cli.terminal import emit
    from workbench.experiments.model_export import export_file
    from workbench.experiments.model_sources import SourceSpec, open_source
    from workbench.experiments.ntire_folder import NtireEntry, export_ntire

    source = open_source(SourceSpec(file, preset, study, variant, seed), store)
    if format_ == "ntire":
        entry = NtireEntry(team or 0, name, lr, extra_data)
        folder = export_ntire(source, out, entry, emit)
        print_json(folder.to_dict()) if as_json else _print_folder(folder)
        return
    exported = export_file(source, out, format_, precision, replace=overwrite, emit=emit)
    print_json(exported.to_dict()) if as_json else _print_file(exported)


def _print_file(exported: "ExportedModel") -> None:
    from workbench.cli.console import OUT, note

    OUT.print(f"{exported.path}: {exported.size_bytes / 1e6:,.2f} MB", soft_wrap=True)
    note(
        f"{exported.precision}, any batch, height and width; at four sizes at most "
        f"{exported.largest_difference:.2g} from PyTorch in fp32 (RGB in 0..1)"
    )


def _print_folder(folder: "NtireFolder") -> None:
    from workbench.cli.console import OUT, note
    from workbench.system.text import counted

    images = counted(folder.images, "result image")
    OUT.print(f"{folder.path}: {folder.name}, {images}", soft_wrap=True)
    note("at four sizes the output of the model file is that of the network to the bit")
    if folder.runtime_s is not None:
        note(f"{1e3 * folder.runtime_s:.1f} ms an image, the network alone on one CPU thread")
