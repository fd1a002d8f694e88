"""How the views of a subject look as JSON: one schema for the document, one plain function for the wire, held equal by a test.

The lookup of a subject is the busiest address of all, and a schema takes ten times as long to write it as these functions do.
"""

from datetime import date, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

from credit.views import EvaluationView, Freshness, ListingView, RecordView, SubjectView
from models.base import DISTRICT_ZONE


class Moment(fields.DateTime):
    """A time with the district's offset."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return moment_text(value)


class FieldSchema(ma.Schema):
    """One value of a record."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.Raw(required=True)


class ProvenanceSchema(ma.Schema):
    """Where a record comes from."""

    source = fields.String(required=True)
    source_title = fields.String(required=True)
    department = fields.String(required=True)
    batch = fields.Integer(required=True)
    row = fields.Integer(required=True)
    known_at = Moment(required=True)


class RecordSchema(ma.Schema):
    """One record (信用信息)."""

    record = fields.String(required=True, metadata={"description": "记录标识"})
    item = fields.String(required=True)
    item_name = fields.String(required=True)
    tone = fields.String(required=True)
    severity = fields.String(required=True, allow_none=True)
    document_number = fields.String(required=True, allow_none=True)
    authority = fields.String(required=True, allow_none=True)
    held_from = fields.Date(required=True, allow_none=True)
    held_until = fields.Date(required=True, allow_none=True)
    publish_until = fields.Date(required=True, allow_none=True)
    amount = fields.Integer(required=True, allow_none=True, metadata={"description": "金额，单位：分"})
    disputed = fields.Boolean(required=True, metadata={"description": "异议处理中"})
    fields_ = fields.List(fields.Nested(FieldSchema), required=True, data_key="fields", attribute="fields")
    provenance = fields.Nested(ProvenanceSchema, required=True)


class ListingSchema(ma.Schema):
    """One entry on a list (名单), with the decision behind it."""

    list_code = fields.String(required=True)
    list_name = fields.String(required=True)
    kind = fields.String(required=True)
    origin = fields.String(required=True)
    authority = fields.String(required=True)
    document_number = fields.String(required=True)
    basis = fields.String(required=True)
    basis_verified = fields.Boolean(required=True)
    decided_on = fields.Date(required=True)
    begun_on = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)
    disputed = fields.Boolean(required=True)
    record = fields.String(required=True)
    subject_ref = fields.String(required=True, allow_none=True)
    subject_code = fields.String(required=True, allow_none=True)
    subject_name = fields.String(required=True, allow_none=True)
    subject_number = fields.String(required=True, allow_none=True, metadata={"description": "遮蔽后的证件号码"})


class IdentitySchema(ma.Schema):
    """Who the subject is."""

    ref = fields.String(required=True)
    kind = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    number_mask = fields.String(required=True, allow_none=True)
    former_names = fields.List(fields.String(), required=True)


class CategorySchema(ma.Schema):
    """The records of one category."""

    category = fields.String(required=True)
    name = fields.String(required=True)
    records = fields.List(fields.Nested(RecordSchema), required=True)


class EvaluationSchema(ma.Schema):
    """A stored evaluation; without grade while it is recomputed (重新计算中)."""

    model = fields.String(required=True)
    title = fields.String(required=True)
    grade = fields.String(required=True, allow_none=True)
    as_of = fields.Date(required=True)
    points = fields.Integer(required=True)
    vetoed_by = fields.String(required=True, allow_none=True)
    contributions = fields.List(fields.Dict(), required=True)
    valid_until = fields.Date(required=True, allow_none=True)


class FreshnessSchema(ma.Schema):
    """How fresh a source is."""

    source = fields.String(required=True)
    title = fields.String(required=True)
    department = fields.String(required=True)
    last_delivery_at = Moment(required=True, allow_none=True)


class RightSchema(ma.Schema):
    """A category that needs consent or duty; the same for every subject."""

    category = fields.String(required=True)
    name = fields.String(required=True)
    needs = fields.String(required=True)


class ObjectionSchema(ma.Schema):
    """An objection (异议) in progress about a record shown here."""

    record = fields.String(required=True)
    item_name = fields.String(required=True)


class SubjectSchema(ma.Schema):
    """What the enquirer may know about one subject (信用主体)."""

    identity = fields.Nested(IdentitySchema, required=True)
    as_of = fields.Date(required=True)
    records = fields.List(fields.Nested(CategorySchema), required=True)
    listings = fields.List(fields.Nested(ListingSchema), required=True)
    evaluation = fields.Nested(EvaluationSchema, required=True, allow_none=True)
    objections = fields.List(fields.Nested(ObjectionSchema), required=True)
    freshness = fields.List(fields.Nested(FreshnessSchema), required=True)
    categories_by_right = fields.List(fields.Nested(RightSchema), required=True)
    authorisation = fields.String(required=True, allow_none=True)
    enquiry = fields.String(required=True, metadata={"description": "查询回执"})


def dump_subject(view: SubjectView) -> dict[str, Any]:
    """A subject as it goes over the wire."""
    return {
        "identity": {
            "ref": view.ref,
            "kind": view.kind,
            "code": view.code,
            "name": view.name,
            "number_mask": view.number_mask,
            "former_names": view.former_names,
        },
        "as_of": view.as_of.isoformat(),
        "records": [
            {"category": code, "name": name, "records": [dump_record(record) for record in records]}
            for code, name, records in view.categories
        ],
        "listings": [dump_listing(listing) for listing in view.listings],
        "evaluation": None if view.evaluation is None else _dump_evaluation(view.evaluation),
        "objections": [
            {"record": record.record, "item_name": record.item_name}
            for _code, _name, records in view.categories
            for record in records
            if record.disputed
        ],
        "freshness": [_dump_freshness(source) for source in view.freshness],
        "categories_by_right": [
            {"category": right.category, "name": right.name, "needs": right.needs} for right in view.categories_by_right
        ],
        "authorisation": view.authorisation,
        "enquiry": view.enquiry,
    }


def dump_record(record: RecordView) -> dict[str, Any]:
    """One record."""
    origin = record.provenance
    return {
        "record": record.record,
        "item": record.item,
        "item_name": record.item_name,
        "tone": record.tone,
        "severity": record.severity,
        "document_number": record.document_number,
        "authority": record.authority,
        "held_from": _day(record.held_from),
        "held_until": _day(record.held_until),
        "publish_until": _day(record.publish_until),
        "amount": record.amount,
        "disputed": record.disputed,
        "fields": [{"name": field.name, "label": field.label, "value": field.value} for field in record.fields],
        "provenance": {
            "source": origin.source,
            "source_title": origin.source_title,
            "department": origin.department,
            "batch": origin.batch,
            "row": origin.row,
            "known_at": moment_text(origin.known_at),
        },
    }


def dump_listing(listing: ListingView) -> dict[str, Any]:
    """One entry on a list."""
    return {
        "list_code": listing.list_code,
        "list_name": listing.list_name,
        "kind": listing.kind,
        "origin": listing.origin,
        "authority": listing.authority,
        "document_number": listing.document_number,
        "basis": listing.basis,
        "basis_verified": listing.basis_verified,
        "decided_on": _day(listing.decided_on),
        "begun_on": _day(listing.begun_on),
        "until": _day(listing.until),
        "disputed": listing.disputed,
        "record": listing.record,
        "subject_ref": listing.subject_ref,
        "subject_code": listing.subject_code,
        "subject_name": listing.subject_name,
        "subject_number": listing.subject_number,
    }


def moment_text(value: datetime | None) -> str | None:
    """A time as text, with the district's offset."""
    return None if value is None else value.astimezone(DISTRICT_ZONE).isoformat()


def _dump_evaluation(evaluation: EvaluationView) -> dict[str, Any]:
    return {
        "model": evaluation.model,
        "title": evaluation.title,
        "grade": evaluation.grade,
        "as_of": evaluation.as_of.isoformat(),
        "points": evaluation.points,
        "vetoed_by": evaluation.vetoed_by,
        "contributions": evaluation.contributions,
        "valid_until": _day(evaluation.valid_until),
    }


def _dump_freshness(source: Freshness) -> dict[str, Any]:
    return {
        "source": source.source,
        "title": source.title,
        "department": source.department,
        "last_delivery_at": moment_text(source.last_delivery_at),
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
