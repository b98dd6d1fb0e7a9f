"""Bundles on disk as the page of models tells them."""

from __future__ import annotations

from tests.test_architecture import PROJECT

SHIPPED = sorted(path.parent for path in (PROJECT / "models").glob("*/bundle.json"))
