"""Which bundles there are, and which device is judged by which."""

from __future__ import annotations

from dashboard.pages.models.bundles import Bundle, Told
from dashboard.pages.models.reading import Models
from dashboard.pages.sheets.sheet import Cell, Value, code, facts, figure, table, whole
from dashboard.words.viewer import moment, number, say, translated
from detector.records import DeviceStatus
from detector.store.commissionings import Commissioning

NONE = "—"
SHORT_HASH = 12


def bundles(models: Models) -> str:
    """One line a bundle."""
    head: list[Value] = [
        say("models.model"), say("models.network"), figure(say("models.features")),
        figure(say("models.window")), figure(say("models.trained_on")), say("models.method"),
        figure(say("models.bound")), figure(say("models.used_by")),
    ]  # fmt: skip
    rows = [_bundle(one, len(models.users(one))) for one in models.bundles]
    return table(say("models.models"), head, rows, say("models.no_models"))


def _bundle(one: Bundle, users: int) -> list[Value]:
    if one.told is None:
        reason = Cell(translated(one.reason), say("models.unreadable"))
        return [code(one.folder.as_posix()), reason, *[""] * 5, figure(number(users))]
    told = one.told
    return [
        code(one.folder.as_posix()), told.network, figure(number(len(told.features))),
        figure(_window(told)), figure(_hours(told.training.hours)), told.calibration.method,
        figure(number(told.calibration.false_alarms_per_day_bound, 2)), figure(number(users)),
    ]  # fmt: skip


def one_bundle(one: Bundle) -> list[str]:
    """All that a bundle tells of itself."""
    told = one.told
    if told is None:
        return []
    return [_what(told, one), _from(told), _figures(told)]


def _what(told: Told, one: Bundle) -> str:
    names = ", ".join(f"{f.name} ({f.unit})" if f.unit else f.name for f in told.features[:12])
    more = len(told.features) - 12
    features = names if more <= 0 else say("models.and_more", names=names, n=more)
    running = told.running
    return facts(say("models.what"), [
        (say("models.network"), told.network),
        (say("models.features"), features),
        (say("models.window"), _window(told)),
        (say("models.rate"), say("models.hertz", n=number(1 / told.sampling_period_s, 1))),
        (say("models.stride"), number(told.stride)),
        (say("models.running"), NONE if running is None else _range(running.feature, running.min,
                                                                    running.max)),
        (say("models.own_level"), say("models.yes" if one.can_be_commissioned else "models.no")),
    ])  # fmt: skip


def _from(told: Told) -> str:
    learnt, placed = told.training, told.calibration
    return facts(say("models.learnt_from"), [
        (say("models.hours"), _hours(learnt.hours)),
        (say("models.sessions"), number(learnt.sessions)),
        (say("models.samples"), number(learnt.samples)),
        (say("models.data"), learnt.data_hash[:SHORT_HASH]),
        (say("models.steps"), number(learnt.steps)),
        (say("models.method"), placed.method),
        (say("models.held_out"), say("models.windows_of", n=number(placed.windows),
                                     hours=number(placed.hours, 1))),
        (say("models.bound"), number(placed.false_alarms_per_day_bound, 2)),
        (say("models.threshold"), number(told.score.threshold, 2)),
    ])  # fmt: skip


def _figures(told: Told) -> str:
    shown = [(name.replace("_", " "), f"{value:.4g}") for name, value in told.metrics.items()]
    return facts(say("models.figures"), [*shown, *told.versions.items()])


def devices(models: Models) -> str:
    """Which model judges each device, by whom and since when."""
    head: list[Value] = [
        say("models.device"), say("models.judged_by"), say("models.in_settings"),
        figure(say("models.threshold")), say("models.commissioned"), say("models.note"),
    ]  # fmt: skip
    rows = [_device(one, models) for one in models.devices]
    return table(say("models.devices"), head, rows, say("models.no_devices"))


def _device(one: DeviceStatus, models: Models) -> list[Value]:
    rule = models.rule_model(one.device)
    return [
        one.device, _judged_by(one), code(NONE if rule is None else rule.as_posix()),
        figure(number(one.threshold, 2)), _commissioned(models.in_force.get(one.device)),
        translated(one.reason or ""),
    ]  # fmt: skip


def _judged_by(one: DeviceStatus) -> Cell:
    if one.model is None:
        return Cell("", say("models.not_judged"))
    if one.model.provisional:
        return Cell(f"{one.model.name} ({say('models.provisional')})")
    return Cell(one.model.name)


def _commissioned(found: Commissioning | None) -> Cell:
    if found is None:
        return Cell(NONE)
    return whole(say("models.version_by", n=found.version, who=found.who, when=moment(found.at)))


def versions(found: list[Commissioning]) -> str:
    """Every commissioning of a device, those taken back among them."""
    head: list[Value] = [
        figure(say("models.version")), say("models.model"), say("models.by"), say("models.at"),
        say("models.stretch"), figure(say("models.seconds")), say("models.note"),
    ]  # fmt: skip
    rows = [_version(one) for one in found]
    return table(say("models.versions"), head, rows, say("models.never_commissioned"))


def _version(one: Commissioning) -> list[Value]:
    note = one.why or ""
    if one.undone_at is not None:
        note = say("models.undone_by", who=one.undone_by or "", when=moment(one.undone_at))
    return [
        figure(number(one.version)), one.own.model, one.who, whole(moment(one.at)),
        whole(f"{moment(one.own.start)} – {moment(one.own.end)[11:]}"),  # noqa: RUF001
        figure(number(one.own.seconds)), note,
    ]  # fmt: skip


def _window(told: Told) -> str:
    seconds = told.window * told.sampling_period_s
    return say("models.window_of", n=number(told.window), seconds=number(seconds, 1))


def _hours(hours: float) -> str:
    return say("models.hours_of", n=number(hours, 1))


def _range(name: str, low: float, high: float | None) -> str:
    if high is None:
        return say("models.from", name=name, low=number(low, 1))
    return say("models.from_to", name=name, low=number(low, 1), high=number(high, 1))
