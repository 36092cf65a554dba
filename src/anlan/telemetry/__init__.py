"""What can be seen of a running process from outside: metrics, logs, traces. No personal data in any of them."""
