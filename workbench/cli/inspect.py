"""`workbench inspect`: what networks cost and how long they take, side by side."""

from workbench.ablation.variant import find_variants
from workbench.cli.console import print_json
from workbench.cli.evaluate_options import (
    ArchArgsOption,
    ArchOption,
    InputRangeOption,
    arch_arguments,
    check_arch,
)
from workbench.cli.execution_options import DeviceOption
from workbench.cli.inspect_options import (
    ChallengeOption,
    LrSizeOption,
    PartsOption,
    PresetsOption,
    RoundsOption,
    TimeSizeOption,
    WeightsOption,
)
from workbench.cli.inspect_table import print_challenge, print_networks
from workbench.cli.option_values import set_values, size_px
from workbench.cli.options import JsonOption, SetOption, VariantOption
from workbench.config.network import Network, named_network
from workbench.config.presets import RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_BASE


def inspect(
    presets: PresetsOption = None,
    variant: VariantOption = None,
    weights: WeightsOption = None,
    arch: ArchOption = None,
    arch_args: ArchArgsOption = None,
    input_range: InputRangeOption = None,
    set_: SetOption = None,
    challenge: ChallengeOption = None,
    lr_size: LrSizeOption = "256x256",
    time_size: TimeSizeOption = None,
    rounds: RoundsOption = 9,
    device: DeviceOption = "cpu",
    parts: PartsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Count parameters, multiply-adds, activations and convolutions, and measure CPU time.

    Variants are those of the first preset; `--set` applies to every preset. Networks are timed in
    turn, and each is compared with the last one: presets come first, then variants, then weights,
    then --arch, then the challenge's baseline.

    Example:
        workbench inspect --preset mdrn-s --variant no-lvar --rounds 0
        workbench inspect --preset mdrn-s --preset bsrn --challenge 2026
    """
    counted_size = size_px("--lr-size", lr_size)
    timed_size = size_px("--time-size", time_size or ("510x339" if challenge else "128x128"))
    if challenge and not rounds:
        raise ConfigError("--challenge needs runtimes: --rounds must be at least 1, got 0")
    check_arch(arch, arch_args, input_range)
    arguments = arch_arguments(arch_args)
    named = presets or ([] if weights or arch else [DEFAULT_BASE])
    configs = _presets_and_variants(named, variant, set_)
    # torch, which --help does not need
    from workbench.cli.bars import bar_without_thread
    from workbench.cli.terminal import emit
    from workbench.experiments.challenge import challenge_entries, rules_of, with_baseline
    from workbench.experiments.inspection import check_size, inspect_networks, open_networks
    from workbench.models.foreign import Foreign

    foreign = None if arch is None else Foreign(arch, arguments, input_range or 1)
    networks = open_networks(configs, weights or [], foreign, emit)
    rules = rules_of(int(challenge)) if challenge else None
    if rules:
        networks = with_baseline(networks, rules)
    check_size("--lr-size", counted_size, networks)
    if rounds:
        check_size("--time-size", timed_size, networks)
    with bar_without_thread(emit) as on_bar:
        rows = inspect_networks(networks, counted_size, timed_size, rounds, on_bar, device)
        entries = challenge_entries(networks, rows, rules, device) if rules else []
    if as_json:
        found = [{"challenge": entry.to_dict()} for entry in entries] or [{}] * len(rows)
        print_json([row | more for row, more in zip(rows, found, strict=True)])
        return
    print_networks(rows, parts=parts)
    if entries:
        print_challenge(entries)


def _presets_and_variants(
    names: list[str], variants: list[str] | None, set_: list[str] | None
) -> dict[str, Network]:
    bases = {name: set_values(_trial(named_network(name)), set_) for name in names}
    networks = {name: trial.model for name, trial in bases.items()}
    if variants:
        first = next(iter(bases.values()), _trial(named_network(DEFAULT_BASE)))
        networks |= {v.name: v.apply(first).model for v in find_variants(variants)}
    return networks


def _trial(model: Network) -> TrialConfig:
    return TrialConfig(model=model, training=RECIPES["smoke"])
