"""The entry desk (在线填报): forms, templates, drafts and their review, corrections, zero reports, what is due."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.console.blueprint import blueprint
from api.database import current_deployment, get_session
from api.problems import status_of
from api.security import current_enquirer, require
from credit.catalogue import CatalogueItem
from credit.collection.due import list_due, list_reminders, report_zero
from credit.collection.entry import (
    approve,
    change_draft,
    check_rows,
    discard,
    find_form,
    get_draft,
    hand_in,
    list_drafts,
    load_rows,
    send_back,
    start_draft,
    view_draft,
)
from credit.collection.entry_changes import SENT_STATES, list_sent_rows, start_correction, withdraw
from credit.collection.entry_form import form_fields, has_form, read_form, read_template, template_csv
from credit.collection.own_sources import own_department
from credit.collection.push import read_csv
from credit.errors import CreditError

Page = str | AnyResponse | tuple[str, int]
ROWS_SHOWN = 50


@blueprint.get("/entry")
@require("submissions:write")
def entry() -> str:
    """What can be entered, what is due, and the drafts of the own department."""
    return _board()


@blueprint.get("/entry/items/<item>")
@require("submissions:write")
def show_entry_form(item: str) -> str:
    """The empty form of an item."""
    department = own_department(get_session(), current_enquirer())
    found, form = find_form(get_session(), current_enquirer(), item, _list_code())
    typed = {"authority": department.name} if "authority" in found.fields else {}
    return _form_page(found, form.title, typed)


@blueprint.get("/entry/items/<item>/template.csv")
@require("submissions:write")
def send_entry_template(item: str) -> Response:
    """The template of an item, to be filled in with a spreadsheet."""
    found, _ = find_form(get_session(), current_enquirer(), item, _list_code())
    headers = {"Content-Disposition": f'attachment; filename="{found.code}.csv"', "X-Content-Type-Options": "nosniff"}
    return Response(template_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.post("/entry/items/<item>")
@require("submissions:write")
def start_entry(item: str) -> Page:
    """Keep what was typed, or the rows of a filled template, as a draft."""
    found, form = find_form(get_session(), current_enquirer(), item, _list_code())
    try:
        rows = _sent_rows(found, {})
        ref = start_draft(get_session(), current_enquirer(), item, _list_code(), rows, now=moment())
    except CreditError as error:
        return _form_page(found, form.title, request.form.to_dict(), error), status_of(type(error))
    return _to_draft(ref, "草稿已保存，请核对后提交复核。")


@blueprint.get("/entry/drafts/<ref>")
@require("submissions:write")
def show_entry_draft(ref: str) -> str:
    """One draft: its rows, its faults, and what may be done with it."""
    return _draft_page(ref)


@blueprint.post("/entry/drafts/<ref>")
@require("submissions:write")
def change_entry_draft(ref: str) -> Page:
    """Save a draft anew."""
    try:
        draft = get_draft(get_session(), current_enquirer(), ref)
        found, _ = find_form(get_session(), current_enquirer(), draft.item, draft.list_code)
        before = load_rows(get_session(), draft)
        rows = _sent_rows(found, before[0] if before else {})
        change_draft(get_session(), current_enquirer(), ref, rows, now=moment())
    except CreditError as error:
        return _refused(ref, error)
    return _to_draft(ref, "草稿已保存。")


@blueprint.post("/entry/drafts/<ref>/review")
@require("submissions:write")
def hand_in_entry(ref: str) -> Page:
    """Put a draft before a reviewer."""
    try:
        hand_in(get_session(), current_enquirer(), ref, now=moment(), today=district_day())
    except CreditError as error:
        return _refused(ref, error)
    return _to_draft(ref, "已提交复核，请本部门另一账户复核后报送。")


@blueprint.post("/entry/drafts/<ref>/decision")
@require("submissions:write")
def decide_entry(ref: str) -> Page:
    """The reviewer sends a draft or returns it with a note."""
    try:
        if request.form.get("decision") != "send":
            send_back(get_session(), current_enquirer(), ref, request.form.get("note", ""), now=moment())
            return _to_draft(ref, "已退回填报人。")
        report = approve(get_session(), current_enquirer(), ref, now=moment(), today=district_day())
    except CreditError as error:
        return _refused(ref, error)
    return _to_draft(
        ref, f"已报送 {report.received} 行：入库 {report.accepted}，更正 {report.superseded}，无变化 {report.unchanged}，"
        f"待关联 {report.parked}，退回 {report.rejected}。",
    )  # fmt: skip


@blueprint.post("/entry/drafts/<ref>/discard")
@require("submissions:write")
def discard_entry(ref: str) -> Page:
    """Give a draft up."""
    try:
        discard(get_session(), current_enquirer(), ref, now=moment())
    except CreditError as error:
        return _refused(ref, error)
    flash("草稿已作废。")
    return redirect(url_for("console.entry"), 303)


@blueprint.post("/entry/drafts/<ref>/corrections")
@require("submissions:write")
def correct_entry(ref: str) -> Page:
    """Start the correction of one sent row."""
    try:
        new = start_correction(get_session(), current_enquirer(), ref, _row(), **_why(), now=moment())
    except CreditError as error:
        return _refused(ref, error)
    return _to_draft(new, "请在原内容上更正；主体、文号等识别内容不能改变。")


@blueprint.post("/entry/drafts/<ref>/withdrawals")
@require("submissions:write")
def withdraw_entry(ref: str) -> Page:
    """Withdraw one sent row; it takes effect at once."""
    try:
        withdraw(get_session(), current_enquirer(), ref, _row(), **_why(), now=moment(), today=district_day())
    except CreditError as error:
        return _refused(ref, error)
    return _to_draft(ref, "已撤回，立即生效。")


@blueprint.post("/entry/zero-reports")
@require("submissions:write")
def zero_report() -> Page:
    """Nothing to report for a period."""
    source, period = request.form.get("source", ""), request.form.get("period", "")
    try:
        report_zero(get_session(), current_enquirer(), source, period, now=moment(), today=district_day())
    except CreditError as error:
        return _board(error), status_of(type(error))
    flash(f"{period} 零报告已登记。")
    return redirect(url_for("console.entry"), 303)


def _board(error: CreditError | None = None) -> str:
    session, deployment, today = get_session(), current_deployment(), district_day()
    department = own_department(session, current_enquirer())
    items = [each for each in deployment.catalogue.open_items.values() if each.list_codes is None and has_form(each)]
    return render_template(
        "console/entry.html", items=items, lists=deployment.list_kinds.values(), error=error,
        list_item=next((each.code for each in deployment.catalogue.open_items.values() if each.list_codes), None),
        drafts=list_drafts(session, current_enquirer()), duties=list_due(session, today, department_id=department.id),
        reminders=list_reminders(session, today, department_id=department.id),
    )  # fmt: skip


def _form_page(
    item: CatalogueItem, title: str, typed: Mapping[str, Any], error: CreditError | None = None, ref: str | None = None
) -> str:
    shown = {name: value for name, value in typed.items() if name != "id_no"}
    return render_template(
        "console/entry_form.html", item=item, title=title, fields=form_fields(item), typed=shown, error=error, ref=ref,
        list_code=_list_code(),
    )  # fmt: skip


def _draft_page(ref: str, error: CreditError | None = None) -> str:
    session, enquirer = get_session(), current_enquirer()
    view = view_draft(session, enquirer, ref)
    item, _ = find_form(session, enquirer, view.item, view.list_code)
    faults = check_rows(session, enquirer, ref, today=district_day()) if view.state == "draft" else []
    sent = list_sent_rows(session, enquirer, ref) if view.state == "sent" else []
    return render_template(
        "console/entry_draft.html", draft=view, fields=form_fields(item), faults=faults, sent=sent[:ROWS_SHOWN],
        sent_states=SENT_STATES, error=error, rows_shown=ROWS_SHOWN,
        typed={} if not view.rows else {name: text for name, text in view.rows[0].items() if name != "id_no"},
    )  # fmt: skip


def _refused(ref: str, error: CreditError) -> tuple[str, int]:
    """The draft's page with the reason; a draft that is not the department's own is not found."""
    return _draft_page(ref, error), status_of(type(error))


def _to_draft(ref: str, message: str) -> AnyResponse:
    flash(message)
    return redirect(url_for("console.show_entry_draft", ref=ref), 303)


def _sent_rows(item: CatalogueItem, before: Mapping[str, str]) -> list[dict[str, str]]:
    file = request.files.get("file")
    if file is not None and file.filename:
        _, form = find_form(get_session(), current_enquirer(), item.code, _list_code())
        return read_template([row for _, row in read_csv(file.read(), form)], item)
    return [read_form(request.form, item, before)]


def _list_code() -> str | None:
    return request.values.get("list") or None


def _row() -> int:
    text = request.form.get("row", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _why() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ("reason", "document_number")}
