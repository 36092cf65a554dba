"""The OpenAPI pages, and what a body looks like there: handlers read raw bytes, so the framework cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import YamlRenderPlugin
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

INTAKE: dict[str, str] = {
    "outside_id": "string", "title": "string", "text": "string", "lon": "number", "lat": "number", "system": "string",
    "address": "string", "name": "string", "phone": "string", "email": "string", "category": "string",
    "district": "string", "unit": "string", "wants_callback": "boolean", "confidential": "boolean", "files": "array",
}  # fmt: skip
"""The standard names of an intake's fields; a channel may have its own (reference: channels)."""


class KeptYaml(YamlRenderPlugin):
    """Rendered once: it takes a tenth of a second, in which nobody else is answered, and anyone may ask for it. From
    the JSON, so that it is what that says, without Python's own types."""

    kept = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if not self.kept:
            self.kept = super().render(request, msgspec.json.decode(self.render_json(request, openapi_schema)))
        return self.kept


def described() -> OpenAPIConfig:
    """The API's description, with the framework's pages."""
    config = OpenAPIConfig(title="Anlan API", version="1", path="/api/v1/docs")
    kept = [KeptYaml() if isinstance(page, YamlRenderPlugin) else page for page in config.render_plugins]
    config.render_plugins = kept
    return config


def taking(body: type[msgspec.Struct]) -> type[Operation]:
    """An operation whose body is this type as JSON."""
    _, components = msgspec.json.schema_components([body])
    found: dict[str, Any] = components[body.__name__]
    types = {name: one["type"] for name, one in found["properties"].items()}
    return _operation(types, found.get("required", []), more=False)


def _operation(types: dict[str, Any], required: list[str], *, more: bool) -> type[Operation]:
    properties = {name: Schema(type=one) for name, one in types.items()}
    schema = Schema(type="object", properties=properties, required=required, additional_properties=more)  # type: ignore[arg-type] # JSON Schema's own word

    @dataclass
    class Taking(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody({"application/json": OpenAPIMediaType(schema=schema)}, required=True)

    return Taking


TAKING_INTAKE = _operation(INTAKE, ["text"], more=True)
