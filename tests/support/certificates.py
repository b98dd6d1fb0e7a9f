"""Certificates for tests, made by the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = "IP:127.0.0.1,DNS:localhost"  # where the tests' brokers listen
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates.

    Args:
        folder: Where all its files go.
        name: Of its own certificate.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.own = self._pair(name)
        openssl("req", "-x509", *KEY, "-subj", f"/CN={name}", "-days", "2",
                "-keyout", self.own.key, "-out", self.own.certificate)  # fmt: skip

    @property
    def certificate(self) -> Path:
        """What others trust."""
        return self.own.certificate

    def issue(self, name: str, *, hosts: str = HERE, days: int = 2) -> Issued:
        """Sign a certificate.

        Args:
            name: Of its holder and of its files.
            hosts: Alternative names of the holder.
            days: It is valid for so many; negative: it has expired.
        """
        made, request = self._pair(name), self._folder / f"{name}.csr"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={hosts}\n")
        openssl("req", *KEY, "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.own.certificate, "-CAkey",
                self.own.key, "-CAcreateserial", "-days", days, "-extfile", extensions,
                "-out", made.certificate)  # fmt: skip
        return made

    def _pair(self, name: str) -> Issued:
        return Issued(self._folder / f"{name}.crt", self._folder / f"{name}.key")


def openssl(*arguments: object) -> None:
    """Run the command."""
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
