"""People register clients, give them scopes and secrets, suspend and end them, each as far as the role reaches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import text, update

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.links import LinkGone
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.events import Events
from gateway.admin.organisations import Organisations, UnknownOrganisation
from gateway.auth.client_secrets import proves
from gateway.people.actor import NotPermitted, machine, operator
from gateway.storage.people.tables import memberships, people
from gateway.storage.registry import Client, Secret
from gateway.storage.tables import clients
from standards.errors import CallerError, Conflict, NotFound, PreconditionFailed
from tests.gateway.admin.clients.conftest import MAPLE_CLIENTS

POOL = iter(MAPLE_CLIENTS)
NAMES = (f"made-{number}" for number in count())
OPERATOR = ("region", "region-operator")
MAPLE, CEDAR = ("maple", "district-admin"), ("cedar", "district-admin")


@pytest.fixture
def service(region):
    return Clients(region.administered)


@pytest.fixture
def secrets(region):
    return ClientSecrets(region.administered)


@pytest.fixture
def maple(region):
    return region.actor("mia", MAPLE)


@pytest.fixture
def cedar(region):
    return region.actor("cleo", CEDAR)


@pytest.fixture
def boss(region):
    return region.actor("bo", OPERATOR)


@pytest.fixture
def tutor(region, maple):
    """A client that maple's agreement names, registered by maple's people, without a secret."""
    return Clients(region.administered).register(maple, NewClient(next(POOL), "tutor", "vendor", ("edfi:read",)))


def test_a_person_registers_no_client_for_an_organisation_that_nobody_knows(region, service, boss):
    name = next(NAMES)
    with pytest.raises(UnknownOrganisation):
        service.register(boss, NewClient(name, "brand-new", "vendor", ("edfi:read",)))
    Organisations(region.administered).add(boss, "brand-new", "vendor", "Brand New")
    assert service.register(boss, NewClient(name, "brand-new", "vendor", ("edfi:read",))).client.org == "brand-new"
    with pytest.raises(UnknownOrganisation):
        service.copy(boss, name, next(NAMES), "brand-knew")


def acts_of(region, client):
    found, total = Events(region.administered).list(operator("root"), 0, 100, client=client)
    assert total == len(found)
    return list(reversed(found))


def test_a_client_is_a_draft_until_an_agreement_names_it_and_it_has_a_scope(service, maple, tutor):
    made = service.register(maple, NewClient(next(NAMES), "tutor", "vendor", ()))
    assert (made.state, made.client.steward, made.client.secrets) == ("draft", "maple", ())
    assert made.lacks == ("No agreement in force names it.", "It has no scope.")
    assert (tutor.state, tutor.lacks, tutor.agreements) == ("ready", (), tutor.agreements)
    assert tutor.agreements[0].startswith("tutor-maple-")


def test_a_client_of_another_organisation_than_the_recipient_is_not_ready(region, service, boss, tutor):
    store = region.administered.store
    with store.engine.begin() as connection:
        ours = {"name": tutor.client.client_id}
        connection.execute(text("UPDATE clients SET org = 'other' WHERE client_id = :name"), ours)
    found = service.find(boss, tutor.client.client_id)
    assert found.state == "draft"
    assert "recipient is another organisation" in found.lacks[0]
    with pytest.raises(Conflict, match="draft"):
        ClientSecrets(region.administered).rotate(boss, tutor.client.client_id)


def test_the_first_secret_enables_a_client_and_a_draft_gets_none(region, secrets, maple, tutor):
    made = secrets.rotate(maple, tutor.client.client_id)
    assert made.client.state == "enabled"
    assert proves(made.secret, made.client.client, region.clock())
    assert made.secret not in repr(made)
    draft = Clients(region.administered).register(maple, NewClient(next(NAMES), "tutor", "vendor", ("edfi:read",)))
    with pytest.raises(Conflict, match="draft"):
        secrets.rotate(maple, draft.client.client_id)


def test_an_old_secret_works_for_the_days_asked_for_or_until_it_is_ended(region, secrets, maple, tutor):
    first = secrets.rotate(maple, tutor.client.client_id).secret
    second = secrets.rotate(maple, tutor.client.client_id, 30)
    now = region.clock()
    client = second.client.client
    assert proves(first, client, now + timedelta(days=29))
    assert not proves(first, client, now + timedelta(days=31))
    after = secrets.end_old(maple, tutor.client.client_id).client
    assert not proves(first, after, now)
    assert proves(second.secret, after, now)
    assert after.epoch == client.epoch
    for days in (-1, 91):
        with pytest.raises(CallerError):
            secrets.rotate(maple, tutor.client.client_id, days)


def test_a_suspended_client_keeps_its_secret_and_gets_no_new_one(region, service, secrets, maple, tutor):
    given = secrets.rotate(maple, tutor.client.client_id)
    before = given.client.client
    assert service.suspend(maple, tutor.client.client_id, "a phone was stolen").state == "suspended"
    for refused in (secrets.rotate, secrets.link):
        with pytest.raises(Conflict, match="suspended"):
            refused(maple, tutor.client.client_id)
    after = service.resume(maple, tutor.client.client_id).client
    assert proves(given.secret, after, region.clock())
    assert after.epoch > before.epoch
    assert any(
        one.reason == "a phone was stolen" and one.district == "maple"
        for one in acts_of(region, tutor.client.client_id)
    )


def test_an_ended_client_is_ended_for_ever_and_its_name_stays_taken(service, secrets, maple, tutor):
    assert service.end(maple, tutor.client.client_id).state == "ended"
    for act in (service.resume, service.suspend, service.end, secrets.rotate, secrets.link):
        with pytest.raises(Conflict, match="ended"):
            act(maple, tutor.client.client_id)
    with pytest.raises(CallerError, match="already"):
        service.register(maple, NewClient(tutor.client.client_id, "tutor", "vendor", ("edfi:read",)))


def test_a_copy_has_scopes_and_settings_and_never_a_secret(secrets, service, maple, tutor):
    secrets.rotate(maple, tutor.client.client_id)
    service.change(maple, tutor.client.client_id, unknown_members="refuse")
    copied = service.copy(maple, tutor.client.client_id, next(NAMES)).client
    assert (copied.scopes, copied.unknown_members, copied.secrets) == (("edfi:read",), "refuse", ())
    assert (copied.status, copied.steward) == ("draft", "maple")


def test_scopes_are_changed_within_those_of_data(service, maple, tutor):
    changed = service.change(maple, tutor.client.client_id, ("edfi:read", "edfi:readchanges"))
    assert changed.client.scopes == ("edfi:read", "edfi:readchanges")
    for wrong in (("edfi:raed",), ("admin:auditor",), ("edfi:read", "admin:region-operator")):
        with pytest.raises(CallerError):
            service.change(maple, tutor.client.client_id, wrong)
        with pytest.raises(CallerError):
            service.register(maple, NewClient(next(NAMES), "tutor", "vendor", wrong))
    assert service.change(maple, tutor.client.client_id, ()).state == "draft"


def test_the_scopes_that_agreements_need_are_suggested_for_each_api(service, maple, tutor):
    found = {one.api: one.scopes for one in service.suggest(maple, tutor.client.client_id)}
    assert found["Ed-Fi"] == ("edfi:read",)
    assert all(scope.endswith(".readonly") for scope in found["OneRoster 1.2"])
    assert len(found["OneRoster 1.2"]) >= 3


def test_a_change_for_another_state_than_the_present_one_is_refused(service, maple, tutor):
    service.change(maple, tutor.client.client_id, unknown_members="refuse")
    with pytest.raises(PreconditionFailed):
        service.suspend(maple, tutor.client.client_id, unchanged=tutor.version)


@pytest.mark.parametrize("kind", ["operator", "region"])
def test_the_region_registers_for_any_district_or_for_none(region, service, boss, kind):
    who = operator("root") if kind == "operator" else boss
    assert service.register(who, NewClient(next(NAMES), "acme", "vendor")).client.steward == ""
    assert service.register(who, NewClient(next(NAMES), "acme", "vendor", steward="cedar")).client.steward == "cedar"
    with pytest.raises(NotFound):
        service.register(who, NewClient(next(NAMES), "acme", "vendor", steward="nowhere"))


@pytest.mark.parametrize(
    "new",
    [
        NewClient("two words", "acme", "vendor"),
        NewClient("-a", "acme", "vendor"),
        NewClient("", "acme", "vendor"),
        NewClient("a" * 65, "acme", "vendor"),
        NewClient("a", "region", "vendor"),
        NewClient("a", "", "vendor"),
        NewClient("a", "a\nb", "vendor"),
        NewClient("a", "acme", "school"),
        NewClient("a", "acme", "vendor", unknown_members="some"),
    ],
)
def test_what_cannot_be_said_of_a_client_is_refused(service, boss, new):
    with pytest.raises(CallerError):
        service.register(boss, new)


def test_a_district_registers_for_itself_alone(region, service, maple):
    with pytest.raises(NotPermitted):
        service.register(maple, NewClient(next(NAMES), "acme", "vendor", steward="cedar"))
    both = region.actor("both", MAPLE, CEDAR)
    with pytest.raises(CallerError, match="cedar, maple"):
        service.register(both, NewClient(next(NAMES), "acme", "vendor"))
    assert service.register(both, NewClient(next(NAMES), "acme", "vendor", steward="cedar")).client.steward == "cedar"


def test_a_district_takes_no_name_that_anothers_agreement_gives(service, cedar, tutor):
    """Its secret would open the other district's data."""
    with pytest.raises(Conflict, match="name cannot be given"):
        service.register(cedar, NewClient("conformance", "conformance", "vendor", ("edfi:read",)))


@pytest.mark.parametrize("role", ["vendor-contact", "cbo-admin", "privacy-officer", "auditor", "approver", "registrar"])
def test_nobody_else_registers_a_client(region, service, role):
    org = "acme" if role in {"vendor-contact", "cbo-admin"} else "maple"
    with pytest.raises(NotPermitted):
        service.register(region.actor(f"no-{role}", (org, role)), NewClient(next(NAMES), "acme", "vendor"))


def test_a_client_of_others_is_answered_like_one_that_does_not_exist(service, secrets, cedar, tutor, region):
    stranger = region.actor("vic", ("acme", "vendor-contact"))
    acts = [
        service.find, service.suspend, service.resume, service.end, service.suggest, secrets.rotate, secrets.link,
        secrets.take_back, secrets.end_old, secrets.end_oauth1, secrets.open_link, service.change,
        lambda who, name: service.copy(who, name, "b"), lambda who, name: secrets.oauth1(who, name, None),
    ]  # fmt: skip
    for who in (cedar, stranger):
        assert tutor.client.client_id not in [one.client.client_id for one in service.list(who)]
        for act in acts:
            told = []
            for name in (tutor.client.client_id, "nobody", "a\0b", "é" * 80):
                with pytest.raises(NotFound) as refused:
                    act(who, name)
                told.append((refused.value.status, refused.value.message.replace(repr(name[:64]), "")))
            assert len(set(told)) == 1


def test_a_vendors_own_people_get_secrets_and_suspend_and_do_nothing_else(region, service, secrets, tutor):
    own = region.actor("tess", ("tutor", "vendor-contact"))
    assert service.find(own, tutor.client.client_id).state == "ready"
    assert secrets.rotate(own, tutor.client.client_id).secret
    assert secrets.link(own, tutor.client.client_id).token
    assert service.suspend(own, tutor.client.client_id).state == "suspended"
    for act in (service.resume, service.end, service.change):
        with pytest.raises(NotPermitted):
            act(own, tutor.client.client_id)


@pytest.mark.parametrize("role", ["privacy-officer", "auditor"])
def test_who_only_reads_in_a_district_changes_nothing(region, service, secrets, role, tutor):
    reader = region.actor(f"r-{role}", ("maple", role))
    assert service.find(reader, tutor.client.client_id).client.org == "tutor"
    for act in (service.suspend, service.resume, service.end, service.change, secrets.rotate, secrets.link):
        with pytest.raises(NotPermitted):
            act(reader, tutor.client.client_id)


def test_what_several_districts_use_no_single_one_changes(region, service, secrets, boss, maple, cedar, tutor):
    """Else maple's people could cut cedar off, or get a secret that opens cedar's students."""
    made = NewClient("conformance", "conformance", "vendor", ("edfi:read",), steward="maple")
    assert service.register(boss, made).state == "ready"
    assert service.find(cedar, "conformance").client.steward == "maple"
    acts = (service.suspend, service.end, service.change, secrets.rotate, secrets.link)
    for act in acts:
        with pytest.raises(Conflict, match="end your agreement"):
            act(maple, "conformance")
        with pytest.raises(NotPermitted):
            act(cedar, "conformance")
    own = region.actor("cora", ("conformance", "vendor-contact"))
    assert secrets.rotate(own, "conformance").secret
    assert service.suspend(boss, "conformance").state == "suspended"


def test_the_people_of_an_organisation_with_a_districts_name_are_not_that_districts(region, service, boss, tutor):
    """An organisation called maple has no right over what maple stewards, nor the district over what is its client."""
    false = region.actor("fay", ("maple", "vendor-contact"))
    with pytest.raises(NotFound):
        ClientSecrets(region.administered).rotate(false, tutor.client.client_id)
    name = next(NAMES)
    service.register(boss, NewClient(name, "maple", "district", ("edfi:read",), steward="cedar"))
    with pytest.raises(NotFound):
        service.suspend(region.actor("mia", MAPLE), name)


def test_nobody_gets_the_secret_of_a_program_that_administers(region, service, secrets, boss):
    root, name = operator("root"), next(NAMES)
    secrets.add_admin(root, name, "acme", "vendor-contact")
    own = region.actor("ann", ("acme", "vendor-contact"))
    for who in (boss, own):
        for act in (secrets.rotate, secrets.link, lambda who, name: secrets.oauth1(who, name, None)):
            with pytest.raises(Conflict, match="operator's command"):
                act(who, name)
    with pytest.raises(Conflict):
        service.change(boss, name, ("edfi:read",))
    with pytest.raises(CallerError):
        service.copy(boss, name, next(NAMES))
    for act in (
        lambda: secrets.add_admin(boss, next(NAMES), "region", "auditor"),
        lambda: secrets.add(boss, NewClient(next(NAMES), "a", "vendor")),
    ):
        with pytest.raises((NotPermitted, CallerError)):
            act()
    assert service.suspend(boss, name).state == "suspended"


def test_a_link_gives_a_secret_once_and_its_token_is_kept_nowhere(region, service, secrets, maple, tutor):
    made = secrets.link(maple, tutor.client.client_id)
    assert made.token not in repr(made)
    assert secrets.open_link(maple, tutor.client.client_id).made_by == "mia@example.org"
    secrets.check_link(made.token)
    secrets.check_link(made.token)
    given = secrets.fetch(made.token)
    assert given.client.state == "enabled"
    assert proves(given.secret, region.administered.store.find_client(tutor.client.client_id), region.clock())
    for again in (secrets.check_link, secrets.fetch):
        with pytest.raises(LinkGone):
            again(made.token)
    said = [one.action for one in acts_of(region, tutor.client.client_id)]
    assert said[-2:] == ["client link made", "client enabled"]
    assert made.token not in str(acts_of(region, tutor.client.client_id))
    assert given.secret not in str(acts_of(region, tutor.client.client_id))


def test_a_link_of_an_enabled_client_rotates_with_the_overlap_it_was_made_for(region, secrets, maple, tutor):
    old = secrets.rotate(maple, tutor.client.client_id).secret
    secrets.fetch(secrets.link(maple, tutor.client.client_id, 3).token)
    client = region.administered.store.find_client(tutor.client.client_id)
    assert proves(old, client, region.clock() + timedelta(days=2))
    assert not proves(old, client, region.clock() + timedelta(days=4))


@pytest.mark.parametrize(
    "what", ["taken back", "made anew", "old", "suspended", "ended", "rotated", "invented", "long"]
)
def test_a_link_that_gives_nothing_says_the_same_whatever_happened(region, service, secrets, maple, tutor, what):
    secrets.rotate(maple, tutor.client.client_id)
    token = secrets.link(maple, tutor.client.client_id).token
    if what == "taken back":
        secrets.take_back(maple, tutor.client.client_id)
    elif what == "made anew":
        secrets.fetch(secrets.link(maple, tutor.client.client_id).token)
    elif what == "old":
        region.clock.move(24 * 3600)
    elif what == "suspended":
        service.suspend(maple, tutor.client.client_id)
        service.resume(maple, tutor.client.client_id)
    elif what == "ended":
        service.end(maple, tutor.client.client_id)
    elif what == "rotated":
        secrets.rotate(maple, tutor.client.client_id)
    else:
        token = "x" * (43 if what == "invented" else 5000)
    for ask in (secrets.check_link, secrets.fetch):
        with pytest.raises(LinkGone, match="used or taken back, or it is too old"):
            ask(token)


@pytest.mark.parametrize("lost", ["role", "suspended", "ended", "another district"])
def test_a_link_gives_nothing_once_its_maker_could_not_make_it(region, service, secrets, boss, tutor, lost):
    name, maker = tutor.client.client_id, f"maker-{lost.replace(' ', '-')}-{next(NAMES)}"
    mine = region.actor(maker, ("maple", "district-admin"))
    token = secrets.link(mine, name).token
    secrets.check_link(token)
    with region.administered.store.engine.begin() as connection:
        if lost == "role":
            connection.execute(
                update(memberships).where(memberships.c.person == mine.person).values(ends=region.clock())
            )
        elif lost == "another district":
            connection.execute(update(clients).where(clients.c.client_id == name).values(steward="cedar"))
        else:
            connection.execute(update(people).where(people.c.id == mine.person).values(status=lost))
    for ask in (secrets.check_link, secrets.fetch):
        with pytest.raises(LinkGone, match="used or taken back, or it is too old"):
            ask(token)
    assert service.find(boss, name).state == "ready"


def test_a_link_of_a_program_gives_nothing_once_the_program_is_shut_out(region, service, secrets, boss, tutor):
    robot = secrets.add_admin(operator("root"), f"robot-{next(NAMES)}", "maple", "district-admin").client.client
    mine = machine(robot.client_id, "maple", ["district-admin"])
    first, name = secrets.link(mine, tutor.client.client_id).token, tutor.client.client_id
    assert secrets.fetch(first).client.state == "enabled"
    second = secrets.link(mine, name).token
    service.suspend(operator("root"), robot.client_id)
    for ask in (secrets.check_link, secrets.fetch):
        with pytest.raises(LinkGone):
            ask(second)


def at_once(acts):
    """Do several things in as many threads; return what each came to."""

    def caught(act):
        try:
            return act()
        except CallerError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(caught, acts))


def test_of_several_who_press_the_button_at_once_one_gets_a_secret(region, secrets, maple, tutor):
    token = secrets.link(maple, tutor.client.client_id).token
    found = at_once([lambda: secrets.fetch(token)] * 4)
    given = [one for one in found if not isinstance(one, Exception)]
    assert len(given) == 1
    assert all(isinstance(one, LinkGone) for one in found if one is not given[0])
    assert proves(given[0].secret, region.administered.store.find_client(tutor.client.client_id), region.clock())


def test_of_several_rotations_at_once_the_last_two_secrets_are_the_clients(region, secrets, maple, tutor):
    secrets.rotate(maple, tutor.client.client_id)
    found = at_once([lambda: secrets.rotate(maple, tutor.client.client_id, 7)] * 3)
    client = region.administered.store.find_client(tutor.client.client_id)
    working = [one for one in found if proves(one.secret, client, region.clock())]
    assert len(client.secrets) == len(working) == 2


def test_of_a_suspension_and_a_fetch_at_once_no_secret_works(region, service, secrets, maple, tutor):
    secrets.rotate(maple, tutor.client.client_id)
    token = secrets.link(maple, tutor.client.client_id).token
    at_once([lambda: secrets.fetch(token), lambda: service.suspend(maple, tutor.client.client_id)])
    assert service.find(maple, tutor.client.client_id).state == "suspended"
    with pytest.raises(LinkGone):
        secrets.fetch(token)


def test_of_two_registrations_of_one_name_at_once_one_counts(service, boss):
    name = next(NAMES)
    found = at_once([lambda: service.register(boss, NewClient(name, "acme", "vendor"))] * 2)
    assert sum(isinstance(one, CallerError) for one in found) == 1


def test_no_secret_and_no_token_is_in_the_registry(region, secrets, maple, tutor):
    token = secrets.link(maple, tutor.client.client_id).token
    first, second = secrets.fetch(token).secret, secrets.rotate(maple, tutor.client.client_id, 5).secret
    engine = region.administered.store.engine
    with engine.connect() as connection:
        for table in ("clients", "client_links", "client_events", "acts", "idempotency_keys", "proposals"):
            rows = str(connection.execute(text(f"SELECT * FROM {table}")).all())
            assert not any(canary in rows for canary in (token, first, second)), table
    with suppress(FileNotFoundError):
        for path in region.folder.rglob("*"):
            if path.is_file():
                kept = path.read_bytes()
                assert not any(canary.encode() in kept for canary in (token, first, second)), path


def test_a_client_without_a_steward_is_the_regions(region, service, maple, boss, tutor):
    name = next(NAMES)
    store = region.administered.store
    store.add_client(replace(Client(name, "acme", "vendor", ("edfi:read",), (Secret("h"),), region.clock(), "t")))
    assert service.find(boss, name).client.steward == ""
    with pytest.raises(NotFound):
        service.suspend(maple, name)
