"""A network between detector and broker that can be silenced, cut and restored."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

HOST = "127.0.0.1"
CHUNK = 1 << 16
PUBACK = 4


class Proxy:
    """Passes one port on to another and counts the acknowledgements that go through.

    Args:
        target: Port of the broker.

    Attributes:
        port: Where to connect instead.
        acknowledged: PUBACK packets on their way to the broker so far.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self.acknowledged = 0
        self._flows = threading.Event()
        self._flows.set()
        self._is_cut = False
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Pass nothing on; what is sent waits, as behind a pulled cable."""
        self._flows.clear()

    def cut(self) -> None:
        """Break what is connected and refuse what is new."""
        self._is_cut = True
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        """Pass on as before."""
        self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        """Break everything, for good."""
        self.restore()
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                self._flows.wait()
                with contextlib.suppress(OSError):
                    self._join(near)

    def _join(self, near: socket.socket) -> None:
        if self._is_cut:
            near.close()
            return
        try:
            far = socket.create_connection((HOST, self._target), timeout=5.0)
        except OSError:  # the broker is away
            near.close()
            return
        far.settimeout(None)
        self._ends += [near, far]
        for ends, is_counted in (((near, far), True), ((far, near), False)):
            threading.Thread(target=self._pass, args=(*ends, is_counted), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_counted: bool) -> None:
        packets = _Packets()
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                self._flows.wait()
                sink.sendall(chunk)
                if is_counted:
                    self.acknowledged += sum(kind == PUBACK for kind in packets.kinds(chunk))
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class _Packets:
    """Cuts a stream of bytes into MQTT packets."""

    def __init__(self) -> None:
        self._rest = b""

    def kinds(self, chunk: bytes) -> Iterator[int]:
        """Type of each packet that is complete with these bytes."""
        self._rest += chunk
        while (end := _end_of_packet(self._rest)) is not None:
            yield self._rest[0] >> 4
            self._rest = self._rest[end:]


def _end_of_packet(content: bytes) -> int | None:
    """Length of the first packet; None while it is incomplete."""
    length = 0
    for place, byte in enumerate(content[1:5]):
        length |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            end = 2 + place + length
            return end if end <= len(content) else None
    return None
