"""The one search box: what was typed is a code, a name, or a citizen number that must not be here."""

from credit.errors import NumberInAddress
from credit.identifiers import looks_like_number, normalise, scrub

ORG_CODE_LENGTH = 9
NUMBERS_REFUSED = "公开查询只提供组织的信息，请勿输入公民身份号码；本次输入未作记录。个人可登录后查看自己的信用档案。"


def code_typed(typed: str) -> str | None:
    """The code that was typed; None where it is a name. NumberInAddress where it is, or holds, a citizen number."""
    text = normalise(typed[:200])
    if looks_like_number(text):
        raise NumberInAddress()
    digits = sum(character.isdigit() for character in text)
    if text.isascii() and text.isalnum() and (digits >= 8 or (len(text) == ORG_CODE_LENGTH and digits >= 5)):
        return text
    if scrub(typed) != typed:
        raise NumberInAddress()
    return None
