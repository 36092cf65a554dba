"""How often one address may guess: at passwords, at numbers and codes. Over it the answer is 429."""

from litestar.middleware.rate_limit import RateLimitConfig

TRIES = RateLimitConfig(rate_limit=("minute", 30), set_rate_limit_headers=False)
