"""Steps: what somebody does next about each kind of task, and the page that helps with it."""

from __future__ import annotations

from typing import Final

from gateway.console.wording import later
from gateway.tasks.task import (
    AGREEMENT_ENDING,
    APPROVAL,
    CHANGE_WAITS,
    CONNECTION_FAILS,
    CONSENTS_ENDING,
    DELETE_ENTRIES,
    DESTROY,
    EXTENSION,
    FILE_LATE,
    INSPECTION,
    MATCHES_NOBODY,
    MATCHES_SEVERAL,
    NOTICE_99_7,
    NOTICE_99_37,
    RECORD_FILES,
    RECORD_KEY,
    SUPPLEMENT_ASKED,
    TRANSFER_ARRIVED,
    TRANSFER_LATE,
    TRANSFER_LETTER,
    TRANSFER_NEAR,
    TRANSFER_REST,
    TRANSFER_STUCK,
    TRANSFER_UNKNOWN,
    TRANSFER_WAITS,
    UNDELIVERED,
)

NEXT: Final = {
    APPROVAL: later("Next, an approver of the organisation reads the version and signs it."),
    INSPECTION: later(
        "Next, let the parent or student see who saw the record: print that paper, show it by the due day, then "
        "close this task and say what was done."
    ),
    EXTENSION: later(
        "Next, open the agreement: begin its next version with a later last day, or tell the recipient that it ends. "
        "Then close this task."
    ),
    AGREEMENT_ENDING: later("Next, begin the next version with a later last day, or close this task and let it end."),
    DESTROY: later("Next, destroy what was received, certify it where that is agreed, then close this task."),
    DELETE_ENTRIES: later("Next, delete these entries in the registers, then close this task."),
    CONSENTS_ENDING: later("Next, ask the families for new consents, enter them, then close this task."),
    FILE_LATE: later("Next, look whether the district's system has sent its files, and upload them where it has not."),
    CHANGE_WAITS: later("Next, look at the rows that would be dropped: approve them, or have the files mended."),
    CONNECTION_FAILS: later("Next, see why on the district's page, have that mended, and read the district again."),
    RECORD_KEY: later("Next, the gateway's operator ends these disclosures for good. Then close this task."),
    RECORD_FILES: later("Next, the gateway's operator deletes these files. Then close this task."),
    NOTICE_99_7: later("Next, give the notice as your district does, then close this task and say how it was given."),
    SUPPLEMENT_ASKED: later("Next, look at the transfer, and send what has changed; or withhold it."),
    NOTICE_99_37: later("Next, give the notice as your district does, then close this task and say how it was given."),
    TRANSFER_NEAR: later("Next, open the request, compare your own students with it, and say who is meant."),
    TRANSFER_UNKNOWN: later("Next, open the request: pass it on where you know the district, or end it."),
    TRANSFER_WAITS: later("Next, open the request, look at exactly what would leave, and release it or hold it back."),
    TRANSFER_REST: later("Next, open the request, see what nobody has decided yet, and send it or say that it stays."),
    TRANSFER_ARRIVED: later("Next, open the record with your own program, and say what became of each section."),
    TRANSFER_LATE: later("Next, open the request and see who must act; its clock does not wait."),
    TRANSFER_STUCK: later("Next, open the request: have what stops it mended, then let it be tried once more."),
    TRANSFER_LETTER: later("Next, print the letter, send it, and note that it was sent."),
}
"""What somebody does next about each kind of task."""

WAYS: Final = {
    INSPECTION: ("disclosure.child", "desk.child", later("Who saw a student's record")),
    EXTENSION: ("agreement.read", "agreements.overview", later("Agreements")),
    DELETE_ENTRIES: ("register.read", "registers.overview", later("Registers")),
    CONSENTS_ENDING: ("register.read", "registers.overview", later("Registers")),
    MATCHES_NOBODY: ("register.read", "registers.overview", later("Registers")),
    MATCHES_SEVERAL: ("register.read", "registers.overview", later("Registers")),
    FILE_LATE: ("district.read", "districts.files", later("Files of the district")),
    CHANGE_WAITS: ("district.approve-change", "districts.approve", later("Look at it and approve it")),
    CONNECTION_FAILS: ("district.read", "districts.one", later("The district's page")),
    TRANSFER_LETTER: ("transfer.read", "transfers.letters", later("Letters to parents")),
    UNDELIVERED: ("settings.read", "settings.overview", later("Settings")),
}
"""The action, the page and its words, for each kind of task that one page helps with."""

TRANSFER_WAYS: Final = {
    TRANSFER_NEAR: ("transfer.match", "transfers.one", later("Say who is meant")),
    TRANSFER_UNKNOWN: ("transfer.match", "transfers.one", later("Open the request")),
    TRANSFER_WAITS: ("transfer.decide", "transfers.one", later("Decide what leaves")),
    TRANSFER_REST: ("transfer.decide", "transfers.one", later("Decide on the rest")),
    TRANSFER_ARRIVED: ("transfer.receive", "transfers.delivered", later("File it section by section")),
    TRANSFER_LATE: ("transfer.follow", "transfers.one", later("Open the request")),
    TRANSFER_STUCK: ("transfer.follow", "transfers.one", later("Open the request")),
    SUPPLEMENT_ASKED: ("transfer.decide", "transfers.one", later("Send what has changed")),
}
"""The same for each kind of task that is about one transfer."""
