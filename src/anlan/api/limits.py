"""How often one address may guess: at passwords, at numbers and codes. Over it the answer is 429."""

from litestar.middleware.rate_limit import RateLimitConfig

from anlan.api.who import address_of

TRIES = RateLimitConfig(("minute", 30), set_rate_limit_headers=False, identifier_for_request=address_of)
