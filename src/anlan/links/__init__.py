"""The outside world, one file a way out or in. What comes from there is checked before it is believed."""
