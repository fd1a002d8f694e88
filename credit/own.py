"""What a subject may ask about itself beside its file: who enquired. Another's ref and no ref at all get the same answer."""

from sqlalchemy.orm import Session

from credit.enquirer import Enquirer
from credit.enquiries import list_enquiries_about
from credit.errors import InvalidCode, SubjectNotFound
from credit.subjects import get_subject
from credit.views import EnquiryView

SHOWN_AT_MOST = 500


def list_own_enquiries(session: Session, enquirer: Enquirer, code_or_ref: str) -> list[EnquiryView]:
    """The newest enquiries about the enquirer's own subject; SubjectNotFound for any other."""
    try:
        subject = get_subject(session, code_or_ref)
    except InvalidCode:
        raise SubjectNotFound from None
    if enquirer.subject_id is None or subject.id != enquirer.subject_id:
        raise SubjectNotFound
    return list(list_enquiries_about(session, subject.ref, limit=SHOWN_AT_MOST))
