"""The outside world, each part with a fake for tests. What comes from there is checked here before it is believed."""
