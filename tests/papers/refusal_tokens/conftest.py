import pytest

from papers.refusal_tokens.settings import Settings
from shared.settings import load_settings


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Those of scale cpu."""
    return load_settings("refusal_tokens", "cpu")
