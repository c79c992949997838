"""MongoDB-style queries over jvspatial's rows, which mean the same on every database.

jvspatial's own translation differs between its databases: a Unix timestamp
compared with a stored text matches every row on SQLite and is an error on
PostgreSQL, `$not` of a missing field matches on one and not on the other. So a
query is parsed once, into conditions in which every value has its stored form
(`parsing`, `values`), and these are rendered as SQL or as queries of MongoDB's,
or matched against rows in memory (`sql`, `mongo`, `matching`). Rows stay in
jvspatial's format.

What they mean: values of different types never match each other, only `$ne`,
`$nin` and `$not` do; a field whose value is None does not exist. A field that
holds a list or an object is not searched, except by the path to what is in it.
"""
