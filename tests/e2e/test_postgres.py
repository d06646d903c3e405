"""The whole journey on PostgreSQL: simulators and data pump in one database."""

from __future__ import annotations

import pytest

from partnerlab.demo import inhance_v2
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.story import Story
from tests.postgres import new_database


@pytest.mark.postgres
def test_the_journey_is_the_same_on_postgres(postgres_server: str) -> None:
    story = Story(echo=lambda line: None)
    with Sandbox(SandboxSettings(port=0, database=new_database(postgres_server))) as sandbox:
        inhance_v2.tell(story, sandbox.url, invoices=30, seed=3)
    assert story.broken == []
    assert story.met
