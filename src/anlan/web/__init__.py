"""Server-rendered pages: what people see and do. They hold no rule; they ask `app` and show what it says."""

from anlan.web.config import routes, web_config

__all__ = ["routes", "web_config"]
