"""`workbench evaluate`: scores of networks whose weights exist, ours or others."""

from workbench.cli.evaluate_options import (
    AgainstOption,
    ArchArgsOption,
    ArchOption,
    ChannelOption,
    DegradationOption,
    InputRangeOption,
    PerImageOption,
    RecordOption,
    ScoredDataOption,
    WeightsOption,
    arch_arguments,
    check_network,
    image_sources,
)
from workbench.cli.execution_options import (
    DeviceOption,
    PrecisionOption,
    SelfEnsembleOption,
    ThreadsOption,
    TileOption,
    TileOverlapOption,
)
from workbench.cli.options import JsonOption, RecursiveOption, StoreOption, TrackingOption
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.experiments.study_spec import study_name


def evaluate(
    data: ScoredDataOption,
    weights: WeightsOption = None,
    arch: ArchOption = None,
    arch_args: ArchArgsOption = None,
    input_range: InputRangeOption = None,
    against: AgainstOption = None,
    channel: ChannelOption = "rgb",
    degradation: DegradationOption = "bicubic",
    recursive: RecursiveOption = False,
    self_ensemble: SelfEnsembleOption = False,
    tile: TileOption = None,
    tile_overlap: TileOverlapOption = 32,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "fp32",
    per_image: PerImageOption = False,
    study: RecordOption = None,
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score networks: PSNR and SSIM in RGB and in Y, mean over images.

    With --against: several networks side by side, with their costs and their differences per image.
    Images below a network's least size are padded by reflection, and the output is cropped.

    Example:
        workbench evaluate --weights mdrn-s.pth --data Set5 --against bsrn.pth
    """
    sources = image_sources(data)
    study = study_name(study)
    check_network(weights, arch, arch_args, input_range)
    arguments = arch_arguments(arch_args)
    # torch, which --help does not need
    from workbench.cli.console import note
    from workbench.cli.evaluate_table import print_scores
    from workbench.cli.terminal import emit
    from workbench.experiments.evaluation import (
        EvalSettings,
        evaluate_candidates,
        open_candidates,
        record_scores,
    )
    from workbench.experiments.views import compare_text, tracking
    from workbench.models.foreign import Foreign

    foreign = None if arch is None else Foreign(arch, arguments, input_range or 1)
    candidates = open_candidates(weights, foreign=foreign, against=against or [], emit=emit)
    settings = EvalSettings(
        sources,
        degradation,
        tile_lr_px=tile,
        tile_overlap_lr_px=tile_overlap,
        threads=threads,
        device=device,
        precision=precision,
        recursive=recursive,
        self_ensemble=self_ensemble,
    )
    table = evaluate_candidates(candidates, settings, channel, emit)
    print_scores(table, per_image=per_image, as_json=as_json)
    if study is not None:
        with tracking(store, tracking_uri, emit) as tracker:
            record_scores(table, study, store, tracker)
        note(compare_text(store, tracking_uri))
