"""The drafts, where the interfaces look for them; they live in ``credit.drafts`` because the door in reads them too."""

from credit.drafts import Fault, RecordDraft, RowResult, SubjectDraft

__all__ = ["Fault", "RecordDraft", "RowResult", "SubjectDraft"]
