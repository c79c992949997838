"""URLs of MongoDB: `mongodb://user:password@host/database`, or `mongodb+srv://`."""

import re

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.url import DatabaseUrl, split_server_url, unescaped


def parse(text: str) -> DatabaseUrl:
    parts = split_server_url(text)
    user = parts.netloc.rpartition("@")[0]
    # the driver refuses such a user at each call: it would be taken for an outage, for ever
    if user.count(":") > 1 or re.search("%(?![0-9A-Fa-f]{2})", user):
        raise unescaped()
    name = parts.path.removeprefix("/")
    if not parts.netloc or not re.fullmatch(r"[\w-]{1,63}", name, re.ASCII):
        raise InvalidSettings(
            "a MongoDB URL names servers and a database of letters, digits, '_' and '-': "
            "mongodb://user:password@host:27017/database; where users are in another one, "
            "add ?authSource=admin"
        )
    return DatabaseUrl("mongodb", text, database=name)
