"""Everything Faultline refuses, as one tree.

FaultlineError
├── SettingsError       an unknown, missing or out-of-range setting
├── SessionFileError    a recorded session that cannot be read
├── PayloadError        an MQTT payload that is malformed, oversized or wrongly typed
├── BrokerError         a broker that cannot be reached or refuses
├── StoreError          a store that cannot be opened, or is written by another detector
│   ├── DetectorHeldError   another detector of the same name runs
│   └── WaitEndedError      told to end while another one ran
├── AdoptError          devices that cannot be adopted from what was heard of them
├── InspectError        a picture of recordings that has nowhere to go
├── ReloadError         settings and bundles that were not taken up, or that nobody takes up
├── AlarmError          something asked of an alarm that is not allowed
├── NotifyError         a message to people that was not delivered, or nobody to send it to
├── CommissionError     a stretch that a machine's own normal cannot be learnt from
├── ExportError         an export that has nothing to write, or nowhere to
├── SpectrumError       a waveform that has no such spectrum
├── TaskError           a part of a command's work that ends its process each time
├── BundleError         a trained model that is broken or does not fit
└── TrainingError       sessions a model cannot be trained or calibrated on

Each message is one line that says what, where, what was found and what is allowed.
"""


class FaultlineError(Exception):
    """Base of every refusal; its text is the one line an operator reads."""


class SettingsError(FaultlineError):
    """A setting is unknown, missing or out of its range."""


class SessionFileError(FaultlineError):
    """A session file cannot be read as samples."""


class PayloadError(FaultlineError):
    """A payload is malformed, oversized, non-finite or wrongly typed."""


class BrokerError(FaultlineError):
    """The broker cannot be reached or refuses the connection."""


class StoreError(FaultlineError):
    """The store cannot be opened, or another detector is writing to it."""


class DetectorHeldError(StoreError):
    """Another detector of the same name runs: whoever comes later waits."""


class WaitEndedError(StoreError):
    """A detector was told to end while it waited for another one; nothing is wrong."""


class AdoptError(FaultlineError):
    """What was heard of a device gives no source, or no model."""


class InspectError(FaultlineError):
    """A picture of recordings has nowhere to go."""


class ReloadError(FaultlineError):
    """The running detector did not take up the settings, or none runs."""


class AlarmError(FaultlineError):
    """What is asked of an alarm is not allowed, or there is no such alarm."""


class NotifyError(FaultlineError):
    """A message to people was not delivered, or there is nobody to send it to."""


class CommissionError(FaultlineError):
    """A machine's own normal cannot be learnt from a stretch, or says nothing of its model."""


class ExportError(FaultlineError):
    """An export has nothing to write, or nowhere to write it."""


class SpectrumError(FaultlineError):
    """A waveform is too short, or lacks what a spectrum over orders or of a velocity needs."""


class TaskError(FaultlineError):
    """A part of a command's work ended its process again and again."""


class BundleError(FaultlineError):
    """A model bundle is missing, broken or does not fit the samples."""


class TrainingError(FaultlineError):
    """A model cannot be trained or calibrated on the given sessions."""
