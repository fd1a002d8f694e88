"""JSON for programs, version 1: each module holds the schemas of a resource above its routes."""

from api.v1 import authorisations, checks, listings, quality, reports, subjects, submissions, tokens

BLUEPRINTS = (
    tokens.blueprint,
    subjects.blueprint,
    listings.blueprint,
    checks.blueprint,
    authorisations.blueprint,
    reports.blueprint,
    submissions.blueprint,
    quality.blueprint,
)
