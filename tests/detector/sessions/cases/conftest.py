"""What the cases share."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Writes text or bytes under a name."""

    def file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return file
