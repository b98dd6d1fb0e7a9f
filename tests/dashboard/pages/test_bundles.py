"""Bundles on disk as the page of models tells them."""

from __future__ import annotations

import json
import shutil

import pytest

from dashboard.pages.models import bundles
from detector.scoring.document import read_document
from tests.test_architecture import PROJECT

SHIPPED = sorted(path.parent for path in (PROJECT / "models").glob("*/bundle.json"))
