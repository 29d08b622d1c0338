"""How many tables, files and requests the fuzzers make: 200 in the tests, 10,000 by `make fuzz`."""

from hypothesis import HealthCheck, settings

# No deadline of hypothesis: a busy machine is no fault. A hang is one: see `tests.fuzz.guard`.
settings.register_profile(
    "fuzz",
    max_examples=10_000,
    derandomize=False,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    print_blob=True,
)
