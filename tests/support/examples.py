"""Settings of property tests whose examples share the fixtures of their test: one card for all."""

from hypothesis import HealthCheck, settings

relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
"""How long an example takes to draw says how busy the machine is, not that a test is wrong."""
