"""Mail: letters through an SMTP server, encrypted to a server that has proved its name unless the settings say no."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.jobs.delivery import NotDelivered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.config.notices import MailSettings
    from gateway.jobs.delivery import Letter

STEP_SECONDS: Final = 15.0
"""How long the server may keep silent."""

WHOLE_SECONDS: Final = 60.0
"""How long one letter may take in all."""

NO_SUCH_BOX: Final = range(550, 560)
"""The answers after which the same letter is refused again (RFC 5321, 4.2.2)."""


class Mail:
    """The mail server; each letter has a connection of its own."""

    def __init__(self, settings: MailSettings, whole: float = WHOLE_SECONDS, step: float = STEP_SECONDS) -> None:
        self._settings, self._whole, self._step = settings, whole, step

    def send(self, letter: Letter, at: datetime) -> None:
        """Send a letter, dated *at* that moment.

        Raises:
            NotDelivered: the server did not take it.
        """
        message = compose(letter, self._settings.sender, at)
        try:
            with self._connected() as server:
                refused = server.send_message(message, self._settings.sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            raise _recipient(error.recipients) from None
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered {int(error.smtp_code)}") from None
        except smtplib.SMTPNotSupportedError:
            raise NotDelivered("the mail server does not offer what is required of it") from None
        except ssl.SSLError:
            raise NotDelivered("the mail server did not prove its name") from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise NotDelivered(f"the mail server cannot be used ({type(error).__name__})") from None
        if refused:
            raise _recipient(refused)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Connect, encrypted and signed in as the settings say; all of it ends after the whole time."""
        given = self._settings
        context = ssl.create_default_context(cafile=given.ca_file or None)
        secure = {"context": context} if given.security == "tls" else {}
        kind = _BoundedTls if given.security == "tls" else _BoundedPlain
        server = kind(given.host, given.port, timeout=self._step, whole=self._whole, **secure)
        try:
            if given.security == "starttls":
                server.starttls(context=context)
            if given.user:
                server.login(given.user, given.password)
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


class _Bounded(smtplib.SMTP):
    """A connection that is cut when its *whole* time is over, even before the server's first word is complete."""

    def __init__(self, *given: Any, whole: float, **more: Any) -> None:
        self._timer = threading.Timer(whole, self._cut)
        self._timer.daemon = True
        super().__init__(*given, **more)

    def connect(self, *given: Any, **more: Any) -> tuple[int, bytes]:
        """Connect, and let the time begin."""
        self._timer.start()
        return super().connect(*given, **more)

    def close(self) -> None:
        """Close the connection, and let the time end."""
        self._timer.cancel()
        super().close()

    def _cut(self) -> None:
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


class _BoundedPlain(_Bounded):
    """A connection that begins in clear."""


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """A connection that is encrypted from its first byte."""


def compose(letter: Letter, sender: str, at: datetime) -> EmailMessage:
    """Compose the message of a letter.

    Raises:
        NotDelivered: the address is none, or would begin another header.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(addr_spec=sender)
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message["Content-Language"] = letter.language
    except (ValueError, MessageError, IndexError):
        raise NotDelivered("the address cannot be written in a letter", final=True) from None
    return message


def _recipient(refused: dict[str, tuple[int, bytes]]) -> NotDelivered:
    code = int(next(iter(refused.values()))[0])
    return NotDelivered(f"the mail server refused the address with {code}", final=code in NO_SUCH_BOX)
