"""The console's application: sessions, forms and their tokens, the policy of its pages, errors as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Flask, Response, g, render_template, request
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from gateway import telemetry
from gateway.console import frame, wording
from gateway.console.account import blueprint as account
from gateway.console.agreements.pages import blueprint as agreements
from gateway.console.answers.preview import blueprint as preview
from gateway.console.answers.vendor import blueprint as vendor
from gateway.console.answers.why import blueprint as why
from gateway.console.clients import acts as client_acts
from gateway.console.clients.once import blueprint as once
from gateway.console.desk.pages import blueprint as desk
from gateway.console.districts import blueprint as districts
from gateway.console.entrance import entrance, make_entrance
from gateway.console.inbox.pages import blueprint as inbox
from gateway.console.join import blueprint as join
from gateway.console.openid import blueprint as openid
from gateway.console.organisations import changing
from gateway.console.organisations.proposals import blueprint as proposals
from gateway.console.organisations.settings import blueprint as settings
from gateway.console.parts.facts import entity_name, system_name
from gateway.console.parts.moments import timed, timed_day
from gateway.console.parts.names import action_sentence, client_said, kind_name, label, role_name
from gateway.console.parts.uploads import InMemoryRequest, allow_size
from gateway.console.registers.assignments import blueprint as assignments
from gateway.console.registers.pages import blueprint as registers
from gateway.console.sign_in import blueprint as sign_in
from gateway.console.transfers.pages import blueprint as transfers
from gateway.console.wording import later, retold, say, told
from gateway.people.sessions import COOKIE
from gateway.web.app import REFUSED
from standards.errors import CallerError, GatewayError, TooManyRequests

if TYPE_CHECKING:
    from gateway.admin.administration import Administration

BLUEPRINTS: Final = (
    districts,
    frame.blueprint,
    desk,
    inbox,
    assignments,
    registers,
    account,
    agreements,
    client_acts.routes,
    once,
    join,
    openid,
    changing.routes,
    proposals,
    settings,
    preview,
    sign_in,
    transfers,
    vendor,
    why,
)
"""The pages of each domain."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ASSETS: Final = {"static", "frame.bootstrap"}
"""The files that pages load: the same for everybody."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The headers of every page; assets may be cached."""


def create_console(region: Administration) -> Flask:
    """Create the application of all pages over a *region*."""
    app = Flask(__name__, static_url_path="/console/static")
    app.config.update(
        SECRET_KEY=region.keys.derive("console"),
        SESSION_COOKIE_NAME="__Host-crossing-form",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        BOOTSTRAP_SERVE_LOCAL=True,
        WTF_CSRF_SSL_STRICT=True,
        SEND_FILE_MAX_AGE_DEFAULT=frame.YEAR_SECONDS,
        MAX_CONTENT_LENGTH=1 << 20,
        UPLOAD_BYTES=region.settings().server.upload_bytes + 65_536,
    )
    app.request_class = InMemoryRequest
    Bootstrap5(app)
    app.before_request(allow_size)
    CSRFProtect(app)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(wording.say, wording.say_several, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(moment=timed, day=timed_day, role_name=role_name, kind_name=kind_name, label=label)
    app.jinja_env.globals.update(action_sentence=action_sentence, entity_name=entity_name, system_name=system_name)
    app.jinja_env.filters.update(role_name=role_name, told=told, retold=retold, client_said=client_said)
    app.extensions["region"] = region
    app.extensions["entrance"] = make_entrance(region)
    app.extensions["csrf"].exempt(once)
    app.before_request(telemetry.begin)
    app.before_request(_refuse)
    app.before_request(_enter)
    app.after_request(_protect)
    app.after_request(telemetry.observe)
    app.context_processor(frame.around)
    for one in BLUEPRINTS:
        app.register_blueprint(one)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(GatewayError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    return app


def _refuse() -> None:
    """Show an error raised before the request was read whole."""
    if REFUSED in request.environ:
        raise request.environ[REFUSED]


def _enter() -> None:
    """Find the session of this request."""
    name = "" if request.endpoint in ASSETS else request.cookies.get(COOKIE, "")
    g.session = entrance().sessions.find(name) if name else None


def _protect(response: Response) -> Response:
    """Send every page with the headers that keep it to itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _stale(_error: CSRFError) -> tuple[str, int]:
    return _page(
        400, say("This form is too old, or was not made here. Go back, load the page anew, and send it again.")
    )


def _refused(error: GatewayError) -> tuple[str, int, dict[str, str]]:
    """Show a refusal; what is not the caller's to know has its fixed text."""
    telemetry.about(code=error.code)
    message = error.message if isinstance(error, CallerError) else error.told
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}
    return *_page(error.status, told(message)), wait


def _http_error(error: HTTPException) -> tuple[str, int]:
    known = {
        404: later("There is no such page."),
        405: later("This cannot be done in this way."),
        413: later("This is too large."),
    }
    return _page(error.code or 500, str(known.get(error.code or 500, later("The request cannot be understood."))))


def _fault(error: Exception) -> tuple[str, int]:
    telemetry.fault(error)
    return _page(500, say("The gateway failed. Its operator can find out where by the number below."))


def _page(status: int, message: str) -> tuple[str, int]:
    titles = {403: later("You may not do this"), 404: later("Not found"), 409: later("This has changed meanwhile")}
    title = titles.get(status, later("This did not work"))
    number = telemetry.trace(None)
    return render_template("error.html", message=message, title=title, number=number), status
