"""Errors of sealing: one family, each telling what to do, none telling what a package or a key says."""

from __future__ import annotations

from standards.errors import CallerError


class SealingError(CallerError):
    """A package, a key or a file of keys is not accepted; the message is one of a few fixed texts."""

    status, code = 422, "sealing"


class PackageTooLarge(SealingError):
    """A package, or a part of it, is larger than any that is sealed here."""

    status, code = 413, "package-too-large"


class MalformedPackage(SealingError):
    """Bytes that are not written as this program writes a package."""

    code = "package-malformed"


class HeaderRefused(SealingError):
    """A header of a part or a signature says anything but what is agreed: algorithms, types, members."""

    code = "package-header"


class KeyNotAccepted(SealingError):
    """A key is unknown, not pinned, of another district, not yet or no longer valid, or revoked."""

    code = "package-key"


class PackageAltered(SealingError):
    """What is decrypted, hashed or signed is not what was sealed."""

    code = "package-altered"


class WrongPackage(SealingError):
    """A whole package, but of another transfer, version, sender or receiver than the one that is awaited."""

    code = "package-wrong"


class KeySetRefused(SealingError):
    """A set of public keys cannot be registered."""

    code = "key-set"


class KeyFileRefused(SealingError):
    """A file of a private key cannot be written or read as it should be kept."""

    code = "key-file"
