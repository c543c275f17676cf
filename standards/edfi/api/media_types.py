"""Media types, profiles and snapshots: what a client asks for in Accept and Use-Snapshot headers."""

from __future__ import annotations

import re

from standards.errors import NotAcceptable, ProfileMisused, UnknownProfile

PROFILE = re.compile(
    r"application/vnd\.ed-fi(?:\.(?P<schema>[\w-]+))?\.(?P<resource>[\w-]+)\.(?P<profile>[\w-]+)\."
    r"(?P<usage>readable|writable)\+json",
    re.ASCII,
)
JSON = frozenset({"application/json", "application/*", "*/*", "text/json", "application/problem+json"})
READING = frozenset({"GET", "HEAD"})


def wants_snapshot(header: str | None) -> bool:
    """Tell whether a client asks for a snapshot rather than for the present state."""
    return (header or "").strip().lower() == "true"


def check_accepted(header: str | None, model: str, method: str) -> None:
    """Refuse a request whose answer could be in no form that its Accept *header* names.

    Raises:
        ProfileMisused: the header names a profile in a form that none has, or of another resource than *model*.
        UnknownProfile: it names a profile; there are none here, since agreements say what is released.
        NotAcceptable: it names other media types only.
    """
    ranges = [part.partition(";") for part in (header or "*/*").lower().split(",")]
    accepted = {media.strip() for media, _, parameters in ranges if not _refused(parameters)} - {""}
    if method not in READING or accepted & JSON:
        return
    for media in sorted(accepted):
        if media.startswith("application/vnd.ed-fi."):
            _check_profile(media, model)
    if any(media.strip() for media, *_ in ranges):
        raise NotAcceptable("The answer is application/json.")


def _check_profile(media: str, model: str) -> None:
    found = PROFILE.fullmatch(media)
    if found is None:
        raise ProfileMisused("The format of the profile-based content type header was invalid.")
    if found["resource"] != model.lower():
        raise ProfileMisused("The resource of the profile-based content type is not the requested resource.")
    if found["usage"] != "readable":
        raise ProfileMisused("A profile-based content type that is writable cannot be used with GET requests.")
    raise UnknownProfile("The profile specified by the content type is not supported by this host.")


def _refused(parameters: str) -> bool:
    """Tell whether a media range has a quality of zero."""
    return re.search(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)", parameters) is not None
