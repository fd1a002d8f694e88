"""JSON for programs, version 1: each module holds the schemas of a resource above its routes."""

from api.v1 import tokens

BLUEPRINTS = (tokens.blueprint,)
