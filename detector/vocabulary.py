"""What words, names and sizes mean, in messages and in files alike."""

from __future__ import annotations

# Names of a time, the surest first; in any case.
TIME_NAMES = (
    "ts", "timestamp", "time", "datetime", "t", "_time", "date", "created_at", "received_at",
    "measured_at", "recorded_at", "sampled_at", "reported_at", "event_time", "time_stamp",
    "timestamp_ms", "ts_ms", "timestamp_us", "timestamp_ns", "time_ms", "epoch", "utc", "last_seen",
)  # fmt: skip
LATEST = 7_258_118_400.0  # 2200-01-01T00:00:00Z, seconds
PLAUSIBLE_FROM = 946_684_800.0  # 2000-01-01T00:00:00Z; earlier numbers are more often no date
# As seconds the bounds are beyond the year 5000, as the finer unit about 1973.
FINER_FROM = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
SWITCHES = {"on": 1.0, "off": 0.0, "true": 1.0, "false": 0.0}
NO_NUMBER = frozenset({"nan", "inf", "infinity", "null"})  # with or without a sign
# In a channel that is known as one, these words say that it has no value now.
ABSENT = frozenset(
    {"", "-", "--", "unavailable", "unknown", "none", "n/a", "na", "nil", "undef", "missing",
     "offline"}
)  # fmt: skip
NO_VALUE = ABSENT | {"error", "bad", "invalid"}
# As what programs write into a table for a cell without a value; what they write for one that went
# wrong, such as ``Bad Input``, is none of these: it counts as a bad cell.
EMPTY_CELL = ABSENT | {
    "nan", "-nan", "nan.0", "null", "<null>", "<na>", "nat", "#n/a", "#na", "n.a.", "no data",
    "nodata", "no value", ".", "---", "*", "\\n",
}  # fmt: skip
# Words of a label that say that nothing is wrong.
NORMAL = frozenset(
    {"normal", "ok", "okay", "healthy", "good", "nominal", "baseline", "no", "n", "none", "false",
     "off", "0", "no fault", "no_fault", "no anomaly", "fault free", "fault-free", "faultless",
     "intact", "benign", "nil", "", "-"}
)  # fmt: skip
