"""People: who published a release, who may, and what address they give."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from biopsy.ecosystems.facts.subject import Subject, previous, published, when
from biopsy.ecosystems.protocol import Published
from biopsy.model.behaviour import Behaviour, InFile, InRegistry, Kind
from biopsy.model.regex import regex

MAX_NAMED = 10
_EVER = datetime.min.replace(tzinfo=UTC)
_SIGNATURES = {"good": "signed", "wrong": "signature-wrong", "expired": "signature-expired"}
_MAIL = regex(r"[^@\s<>,]{1,64}@[^@\s.<>,]+(?:\.[^@\s.<>,]+)+")

DISPOSABLE = frozenset(
    """
    10minutemail.com 10minutemail.net 1secmail.com 1secmail.net 1secmail.org 20minutemail.com
    burnermail.io byom.de discard.email discardmail.com dispostable.com dropmail.me emailondeck.com
    emltmp.com fakeinbox.com fakemail.net getairmail.com getnada.com grr.la guerrillamail.biz
    guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org
    guerrillamailblock.com harakirimail.com inboxkitten.com incognitomail.org mail-temp.com mail.tm
    mailcatch.com maildrop.cc mailexpire.com mailinator.com mailinator.net mailnesia.com mailnull.com
    mailsac.com mailtemp.net mintemail.com moakt.com mohmal.com mvrht.com mytemp.email nada.email
    pokemail.net sharklasers.com spam4.me spambog.com spambox.us spamex.com spamgourmet.com temp-mail.io
    temp-mail.org tempail.com tempinbox.com tempmail.dev tempmail.net tempmail.plus tempmailo.com
    tempr.email throwawaymail.com tmail.ws tmpmail.net tmpmail.org trash-mail.com trashmail.com
    trashmail.de trashmail.net yopmail.com yopmail.fr yopmail.net
    """.split()  # noqa: SIM905
)
"""Services that give anyone a mailbox for some minutes: the best known, not all."""


def facts(it: Subject, today: date) -> Iterator[Behaviour]:  # noqa: ARG001
    """Yield `pkg.maintainer` and `pkg.provenance`."""
    here, earlier = published(it)
    yield from _mails(it, here.mail if here else "")
    before = previous(it)
    if it.listing is not None:
        for name in it.listing.owners[:MAX_NAMED]:
            yield it.say(Kind.PKG_MAINTAINER, f"owner {name}")
        if said := _SIGNATURES.get(it.listing.signature):
            yield it.say(Kind.PKG_PROVENANCE, said)
    if here is None:
        return
    if here.provenance or here.trusted:
        yield it.say(Kind.PKG_PROVENANCE, "present")
    yield from _moved(it, here, earlier)
    if before is None:
        return
    if before.signed and here.signed is False:
        yield it.say(Kind.PKG_PROVENANCE, "unsigned")
    if before.provenance and here.provenance is False:
        yield it.say(Kind.PKG_PROVENANCE, "gone")
    if before.trusted and not here.trusted and here.publisher:
        yield it.say(Kind.PKG_PROVENANCE, "gone trusted-publisher")
    now, then = ({name.lower(): name for name in one.maintainers} for one in (here, before))
    if now and then:
        for word, some, others in (("new", now, then), ("gone", then, now)):
            for name in sorted(some.keys() - others.keys())[:MAX_NAMED]:
                yield it.say(Kind.PKG_MAINTAINER, f"{word} {some[name]}")
        if not now.keys() & then.keys():
            yield it.say(Kind.PKG_MAINTAINER, "replaced")
    known = {one.publisher.lower() for one in earlier if one.publisher}
    if here.publisher and known and here.publisher.lower() not in known and not here.trusted:
        yield it.say(Kind.PKG_MAINTAINER, f"first-release-by {here.publisher}")


def _moved(it: Subject, here: Published, earlier: Sequence[Published]) -> Iterator[Behaviour]:
    """Say where the account that published this has another address than at its last release.

    Who takes an account over gives it an address of their own first; so does who changes jobs.
    """
    theirs = [one for one in earlier if one.publisher.lower() == here.publisher.lower() and one.mail]
    if not here.publisher or not here.mail or not theirs:
        return
    last = max(reversed(theirs), key=lambda one: when(one) or _EVER)
    if last.mail.lower() != here.mail.lower():
        yield it.say(Kind.PKG_MAINTAINER, f"mail-changed {here.publisher} {last.mail} > {here.mail}")


def _mails(it: Subject, account: str) -> Iterator[Behaviour]:
    """Look at the account's address, and those of the manifest: the registry's words, else the archive's."""
    if _MAIL.fullmatch(account) and _throwaway(account):
        yield it.say(Kind.PKG_MAINTAINER, f"disposable-mail {account}")
    for manifest in (it.shown, it.manifest):
        if manifest is None:
            continue
        where = InFile(manifest.path) if manifest.path else InRegistry()
        given = manifest.mails[:MAX_NAMED]
        mails = [found[0] for mail in given if (found := _MAIL.search(mail))]
        for mail in filter(_throwaway, mails):
            yield it.say(Kind.PKG_MAINTAINER, f"disposable-mail {mail}", where)
        for mail in given if not mails else ():  # what stands beside a good address is a slip of a tool
            yield it.say(Kind.PKG_MAINTAINER, f"invalid-mail {mail}", where)
        if given:
            return


def _throwaway(mail: str) -> bool:
    labels = mail.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[at:]) in DISPOSABLE for at in range(len(labels) - 1))
