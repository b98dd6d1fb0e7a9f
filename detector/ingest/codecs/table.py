"""All codecs by name, in the order in which ``auto`` tries them."""

from __future__ import annotations

from detector.ingest.codecs.binary import Binary
from detector.ingest.codecs.cbor import Cbor
from detector.ingest.codecs.csv import Csv
from detector.ingest.codecs.json import Json
from detector.ingest.codecs.line_protocol import LineProtocol
from detector.ingest.codecs.messagepack import MessagePack
from detector.ingest.codecs.sparkplug import Sparkplug
from detector.ingest.codecs.text import Text
from detector.ingest.messages.contract import Codec

CODECS: dict[str, type[Codec]] = {
    "sparkplug": Sparkplug,
    "binary": Binary,
    "json": Json,
    "text": Text,
    "line-protocol": LineProtocol,
    "csv": Csv,
    "messagepack": MessagePack,
    "cbor": Cbor,
}
