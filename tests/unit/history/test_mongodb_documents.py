"""A document of MongoDB that cannot be decoded becomes a row with its id and a problem."""

import bson
import pytest
from bson import DatetimeMS
from bson.raw_bson import RawBSONDocument

from jvscheduler.history.backends.mongodb.documents import document_of
from jvscheduler.history.decoding import context_of

GOOD = {"_id": "o.ScheduledJob.1", "id": "o.ScheduledJob.1", "context": {"status": "é"}}
NO_UTF8 = bson.encode(GOOD).replace("é".encode(), b"\xff\xff")
FAR = bson.encode({**GOOD, "context": {"at": DatetimeMS(2**60)}})
FAR_AT_THE_TOP = bson.encode({"at": DatetimeMS(2**60), **GOOD})
NO_KIND_OF_VALUE = bson.encode(GOOD).replace(b"\x02status", b"\x99status")


def test_a_good_document_is_decoded() -> None:
    assert document_of(RawBSONDocument(bson.encode(GOOD))) == GOOD


@pytest.mark.parametrize(
    "raw", [NO_UTF8, FAR, FAR_AT_THE_TOP], ids=["no UTF-8", "a far time", "at the top"]
)
def test_a_bad_one_keeps_its_id(raw: bytes) -> None:
    document = document_of(RawBSONDocument(raw))
    assert (document["_id"], document["id"]) == (GOOD["_id"], GOOD["id"])
    with pytest.raises(ValueError, match="MongoDB's driver cannot decode it"):
        context_of(document)


def test_one_that_is_broken_altogether_has_no_id() -> None:
    document = document_of(RawBSONDocument(NO_KIND_OF_VALUE))
    assert document["_id"] is None
    assert "problem" in document
