"""The SDKs' tests: pure ones, and ones against the platform of the journeys."""

from tests.journeys.conftest import fresh_platform, platform, start

__all__ = ["fresh_platform", "platform", "start"]
