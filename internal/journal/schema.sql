-- Times are nanoseconds since 1970 UTC; what is not set yet is NULL.
CREATE TABLE apps (
  name   TEXT PRIMARY KEY,
  next   INTEGER NOT NULL DEFAULT 1, -- the number the next release gets; only ever grows
  subnet TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
  app     TEXT NOT NULL,
  service TEXT NOT NULL,
  color   TEXT NOT NULL,
  replica INTEGER NOT NULL,
  addr    TEXT NOT NULL,
  PRIMARY KEY (app, service, color, replica)
) STRICT, WITHOUT ROWID;

CREATE TABLE releases (
  app     TEXT NOT NULL,
  number  INTEGER NOT NULL,
  color   TEXT NOT NULL,
  state   TEXT NOT NULL,
  images  TEXT NOT NULL DEFAULT '', -- JSON; empty before pinning and after pruning
  created INTEGER NOT NULL,
  by      TEXT NOT NULL,
  reason  TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (app, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX releases_runnable ON releases (app, number) WHERE images <> '';
CREATE INDEX releases_live ON releases (app) WHERE state = 'live';

-- Specs lie apart from releases: they are large, and reading history must not
-- walk over them.
CREATE TABLE specs (
  app    TEXT NOT NULL,
  number INTEGER NOT NULL,
  spec   BLOB NOT NULL, -- gob, gzipped
  PRIMARY KEY (app, number)
) STRICT;

CREATE TABLE deploys (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  app     TEXT NOT NULL,
  kind    TEXT NOT NULL,
  release INTEGER NOT NULL,
  by      TEXT NOT NULL,
  pid     INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended   INTEGER,
  outcome TEXT NOT NULL DEFAULT '',
  receipt BLOB -- JSON, gzipped
) STRICT;
CREATE INDEX deploys_of_app ON deploys (app, id);
CREATE INDEX deploys_unended ON deploys (app, id) WHERE ended IS NULL;

CREATE TABLE steps (
  deploy  INTEGER NOT NULL,
  n       INTEGER NOT NULL, -- from 1
  step    TEXT NOT NULL,    -- JSON
  began   INTEGER,          -- the intent
  ended   INTEGER,          -- the result
  failure TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (deploy, n)
) STRICT, WITHOUT ROWID;
