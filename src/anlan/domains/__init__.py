"""Lines of work, one folder each, strangers to each other. Each folder holds one `DOMAIN`; `main` discovers them."""
