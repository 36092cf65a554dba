"""The outside world, one file a way out or in. Each fails with a reason, and knows nothing of Anlan."""
