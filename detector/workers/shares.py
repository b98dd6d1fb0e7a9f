"""Which worker scores which device: by the highest of one hash a worker (rendezvous hashing).

With one worker more or less only the devices of that worker move.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


@lru_cache(maxsize=65536)
def worker_of(device: str, workers: int) -> int:
    """Number of the worker, the same in every process.

    Args:
        device: Name of the machine.
        workers: >= 1.
    """
    return max(range(workers), key=lambda worker: _weight(device, worker))


def _weight(device: str, worker: int) -> bytes:
    key = worker.to_bytes(4, "big") + device.encode("utf-8", "surrogatepass")
    return blake2b(key, digest_size=8).digest()
