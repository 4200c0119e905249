"""A search that is resumed, or started: its record, checked against what is requested now."""

from collections.abc import Mapping
from pathlib import Path

from workbench.config.module import changed_modules
from workbench.config.pinning import without_digests
from workbench.errors import ConfigError
from workbench.experiments.search_spec import ResumePolicy
from workbench.experiments.stored_search import objectives_of
from workbench.search.proposals import PriorObservation
from workbench.search.record import SearchRecord, Settings
from workbench.search.record_file import put_aside, read_record, start_record
from workbench.search.warm_start import prior_observations
from workbench.store.ledger import Ledger
from workbench.store.sources import load_marks
from workbench.system.events import Emit, Note
from workbench.trial.images import changed_images, known_hashes, named_hashes


def open_search(
    settings: Settings, name: str, store: Path, policy: ResumePolicy, emit: Emit
) -> SearchRecord:
    """Return the search as it was left, or a new one.

    Args:
        settings: Of the search.
        name: Of the search.
        store: The store; it has the images already.
        policy: What happens to an earlier search of this name.
        emit: Gets notes.

    Raises:
        ConfigError: If an earlier search has other settings, or other images, and is to be resumed.
        StoreError: If the store cannot be written.
    """
    if policy.fresh:
        other = put_aside(store, name)
        if other:
            emit(Note(f"the earlier search is kept as search {other}"))
    record, images = read_record(store, name), named_hashes(settings.base, Ledger(store))
    if record is not None:  # it began with what scores without a data set are of
        settings = settings.model_copy(update={"selection": record.settings.selection})
    if record is None:
        record = _new(settings, name, images, store, policy, emit)
    _check_the_same(record, settings, images, store)
    load_marks(record.settings.own_modules().values(), store)
    if record.proposals:
        proposed = sum(p.trained for p in record.proposals)
        emit(Note(f"search {name} resumes: {proposed} trials proposed"))
    if policy.retry and not record.retrying and not record.retryable():
        emit(Note("--retry failed: no trial of this search has failed"))
    return record


def with_stored_audits(settings: Settings, name: str, store: Path) -> Settings:
    """Return settings with the share of audits of the search of this name, if there is one.

    So a search of an older workbench, which has none, is resumed as it was begun.
    """
    record = read_record(store, name)
    share = settings.audit_share if record is None else record.settings.audit_share
    return settings.model_copy(update={"audit_share": share})


def _new(
    settings: Settings,
    name: str,
    images: dict[str, str],
    store: Path,
    policy: ResumePolicy,
    emit: Emit,
) -> SearchRecord:
    emit(Note(f"search {name} starts"))
    known = _prior(settings, store) if policy.warm_start else ()
    record = SearchRecord(name=name, settings=settings, prior=known, images=images)
    start_record(record, store)
    if known:
        emit(
            Note(
                f"warm start: the sampler has the scores of {len(known)} finished networks; "
                "--no-warm-start starts without them"
            )
        )
    return record


def _check_the_same(
    record: SearchRecord, settings: Settings, images: Mapping[str, str], store: Path
) -> None:
    """Refuse to resume a search whose settings, or whose images, are not those of now.

    Raises:
        ConfigError: With what to do.
    """
    edited = changed_modules(record.settings.own_modules(), settings.own_modules())
    if edited:
        kept = ", ".join(f"sources/{mark.digest}" for mark in edited.values())
        raise ConfigError(
            f"search {record.name!r} in {store}: the code of {', '.join(edited)} has changed since "
            "it began; its proposals rest on scores of the old code. --fresh starts a new search "
            "and keeps it under another name; to resume it, restore the old code, which the store "
            f"has in {kept}"
        )
    if without_digests(record.settings.plain()) != without_digests(settings.plain()):
        raise ConfigError(
            f"search {record.name!r} in {store} has other settings; give another --study, "
            "--fresh to start a new search, or the same options to resume it"
        )
    changed = changed_images(record.images, images)
    if changed:
        raise ConfigError(
            f"search {record.name!r} in {store}: images changed: {', '.join(changed)}; its "
            "proposals rest on scores of the old ones. --fresh starts a new search and keeps it "
            "under another name"
        )


def _prior(settings: Settings, store: Path) -> tuple[PriorObservation, ...]:
    """Return the networks of the space that the ledger has, on these images with this recipe."""
    ledger = Ledger(store)
    hashes = known_hashes(settings.base, ledger)
    if hashes is None:
        return ()
    return prior_observations(settings, objectives_of(settings), ledger.results(), hashes)
