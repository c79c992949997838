"""MongoDB's documents, decoded one by one: one that cannot be decoded fails no other.

The driver decodes all documents of an answer together, and one bad document fails the answer: a
time after the year 9999, or bytes that are no UTF-8. So it hands them over as they are.
"""

from typing import Any, Final

import bson
from bson import DatetimeConversion
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument

from jvscheduler.history.decoding import broken

Document = dict[str, Any]

_LENIENT: Final = CodecOptions(
    document_class=dict,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_MS,
)


def undecoded(collection: Any) -> Any:
    """Return the collection, whose answers hold documents for `document_of`."""
    options = collection.codec_options.with_options(document_class=RawBSONDocument)
    return collection.with_options(codec_options=options)


def document_of(raw: RawBSONDocument, options: CodecOptions[Any] | None = None) -> Document:
    """Return the document. One that cannot be decoded has its id and a problem, and no more.

    `options` are those of the collection, which the URL may set.
    """
    try:
        document: Document = bson.decode(
            raw.raw, (options or CodecOptions()).with_options(document_class=dict)
        )
    except InvalidBSON as error:
        row_id = _id_of(raw)
        return {"_id": row_id, **broken(row_id, f"MongoDB's driver cannot decode it: {error}")}
    return document


def _id_of(raw: RawBSONDocument) -> Any:
    try:
        return bson.decode(raw.raw, _LENIENT).get("_id")
    except InvalidBSON:
        return None
