"""JSON API v1. Thin: it checks who asks, decodes, calls `app`, and words the answer; it decides nothing itself."""
