"""The local supplement (地方补充目录) over the national basis (全国基础目录): it adds items, never bends national ones. [pure]

Public bodies may record nothing outside both; a supplement needs a ground in local law, which it names. What would change
a national item, or rename a national category, is refused.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from credit.errors import DescriptionInvalid

Document = Mapping[str, Any]


def merge_supplement(national: Document, local: Document) -> dict[str, Any]:
    """One edition out of both documents, named ``national+local``. DescriptionInvalid with every conflict."""
    faults = list(_conflicts(national, local))
    if faults:
        listed = [{"field": "supplement", "code": "CONFLICT", "message": fault} for fault in faults]
        raise DescriptionInvalid(f"补充目录不能合并：{'；'.join(faults)}", faults=listed)
    merged: dict[str, Any] = copy.deepcopy(dict(national))
    merged["edition"] = f"{national['edition']}+{local['edition']}"
    merged["effective_from"] = max(str(national["effective_from"]), str(local["effective_from"]))
    merged["source"] = f"{national.get('source', '')}；补充：{local.get('source', '')}"
    merged["categories"] = {**national["categories"], **(local.get("categories") or {})}
    merged["items"] = [*national["items"], *copy.deepcopy(list(local["items"]))]
    return merged


def _conflicts(national: Document, local: Document) -> Iterator[str]:
    for document, name in ((national, "基础目录"), (local, "补充目录")):
        for key in ("edition", "effective_from", "items"):
            if not document.get(key):
                yield f"{name}缺少 {key}"
    if local.get("supplements") != national.get("edition"):
        yield f"补充目录针对的是 {local.get('supplements')} 版，而不是 {national.get('edition')} 版"
    authorised = local.get("authorised_by")
    if not isinstance(authorised, Mapping) or not authorised.get("instrument"):
        yield "补充目录须写明地方性法规依据（authorised_by）"
    codes = {item.get("code") for item in national.get("items") or ()}
    for item in local.get("items") or ():
        if item.get("code") in codes:
            yield f"信息项 {item.get('code')} 已在基础目录内，补充目录不得改变"
        codes.add(item.get("code"))
    for code, category in (local.get("categories") or {}).items():
        there = (national.get("categories") or {}).get(code)
        if there is not None and there.get("name") != category.get("name"):
            yield f"类别 {code} 在基础目录中是“{there.get('name')}”"
