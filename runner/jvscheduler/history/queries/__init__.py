"""MongoDB-style queries over jvspatial's rows, which mean the same on every database.

jvspatial translates queries differently for each database. For example, a Unix timestamp that is
compared with a stored text matches every row on SQLite, and is an error on PostgreSQL. `$not` of
a missing field matches on one database and not on the other.

Here a query is parsed once (`parsing`, `fields`, `values`) into `conditions`, in which every
value has its stored form. A backend renders conditions as SQL (`sql` is the base of both
dialects) or as its own queries. `matching` matches them with rows in memory.

The rules:

- A value never equals a value of another type, nor compares with it. Only `$ne`, `$nin` and
  `$not` match then.
- A field whose value is None does not exist.
- A query does not search in a list. It reaches into an object by a path only.
"""
