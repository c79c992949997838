"""What the installation's authority makes is what OpenSSL verifies."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler_server.credentials.certificates import (
    AUTHORITY_LIFETIME,
    LIFETIME,
    Pair,
    check,
    end_of,
    is_signed_by,
    make_authority,
    names_in,
    sign,
)

NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = ("db.jvscheduler.svc", "db")


def verified(authority: str, pair: Pair, name: str, folder: Path) -> str | None:
    """What a client says of the server's certificate; None when it takes it."""
    file = folder / "pair.pem"
    file.write_text(pair.key + pair.certificate)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cadata=authority)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    assert ends[0].version() == "TLSv1.3"
    return None


def test_a_client_verifies_what_the_authority_signed_by_each_name(tmp_path: Path) -> None:
    authority = make_authority("jvscheduler", NOW)
    pair = sign(authority, NAMES, NOW)
    for name in NAMES:
        assert verified(authority.certificate, pair, name, tmp_path) is None
    assert "mismatch" in str(verified(authority.certificate, pair, socket.gethostname(), tmp_path))
    other = make_authority("jvscheduler", NOW)
    assert verified(other.certificate, pair, NAMES[0], tmp_path) is not None
    assert names_in(pair.certificate) == set(NAMES)
    assert end_of(pair.certificate) == NOW + LIFETIME


def test_a_renewed_authority_and_its_old_one_verify_the_same(tmp_path: Path) -> None:
    old = make_authority("jvscheduler", NOW - timedelta(days=4000))
    before = sign(old, NAMES, NOW)
    new = make_authority("jvscheduler", NOW, old.key)
    assert end_of(new.certificate) == NOW + AUTHORITY_LIFETIME
    for authority in (old, new):
        for pair in (before, sign(new, NAMES, NOW)):
            assert is_signed_by(pair.certificate, authority.certificate)
            assert verified(authority.certificate, pair, NAMES[0], tmp_path) is None


def test_another_authority_of_the_same_name_has_signed_nothing_of_it() -> None:
    pair = sign(make_authority("jvscheduler", NOW), NAMES, NOW)
    assert not is_signed_by(pair.certificate, make_authority("jvscheduler", NOW).certificate)


def test_a_pair_that_does_not_belong_together_is_found() -> None:
    one, other = make_authority("one", NOW), make_authority("other", NOW)
    check(one)
    for pair in (Pair(one.certificate, other.key), Pair("", one.key), Pair(one.certificate, "x")):
        with pytest.raises(ValueError):  # noqa: PT011 - it says what OpenSSL says
            check(pair)


def test_the_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(make_authority("one", NOW))


def test_a_long_name_of_a_service_fits(tmp_path: Path) -> None:
    authority = make_authority("jvscheduler " + "n" * 63, NOW)
    names = (f"{'r' * 40}-postgresql.{'n' * 63}.svc",)
    assert verified(authority.certificate, sign(authority, names, NOW), names[0], tmp_path) is None
