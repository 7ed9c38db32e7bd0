-- The report database. One file; readers see a whole state, writers take turns (write-ahead log).
-- Texts that are times are RFC 3339 in UTC. Nothing is ever deleted from objects, claims, ids and log.

CREATE TABLE objects (           -- bytes as they came from sources
  sha256 TEXT PRIMARY KEY,
  size   INTEGER NOT NULL,
  body   BLOB NOT NULL           -- as pack.py packs it
);

CREATE TABLE packages (
  id        INTEGER PRIMARY KEY,
  ecosystem TEXT NOT NULL,       -- as OSV spells it, with what follows the colon; empty: a git repository
  name      TEXT NOT NULL,       -- canonical
  skeleton  TEXT NOT NULL,       -- as the eye reads it
  UNIQUE (name, ecosystem)
);
CREATE INDEX packages_skeleton ON packages (skeleton);

CREATE TABLE claims (
  id        INTEGER PRIMARY KEY,
  package   INTEGER NOT NULL REFERENCES packages,
  source    TEXT NOT NULL,
  key       TEXT NOT NULL,       -- what the source calls the record
  sha256    TEXT NOT NULL,       -- of the record's bytes; of objects
  modified  TEXT NOT NULL,
  imported  TEXT NOT NULL,
  withdrawn TEXT NOT NULL DEFAULT '',
  record    BLOB NOT NULL,       -- compact JSON of the part that names this package; empty: the object, whole
  state     TEXT NOT NULL CHECK (state IN ('counted', 'held', 'review', 'echo', 'rejected')),
  due       TEXT NOT NULL DEFAULT '',   -- when a held claim is counted
  reason    TEXT NOT NULL DEFAULT '',   -- why it waits, or is not heard
  UNIQUE (package, source, sha256, withdrawn)
);
CREATE INDEX claims_sha256 ON claims (substr(sha256, 1, 12));
CREATE INDEX claims_waiting ON claims (state, due) WHERE state IN ('held', 'review');

CREATE TABLE reports (
  package   INTEGER PRIMARY KEY REFERENCES packages,
  id        TEXT UNIQUE,         -- null until it is assigned
  state     TEXT NOT NULL CHECK (state IN ('held', 'review', 'published', 'withdrawn', 'rejected')),
  reason    TEXT NOT NULL DEFAULT '',   -- why it is held or in review
  due       TEXT NOT NULL DEFAULT '',   -- when a held report is published
  decisions TEXT NOT NULL DEFAULT '{}', -- JSON: what people decided
  published TEXT NOT NULL DEFAULT '',
  modified  TEXT NOT NULL,
  withdrawn TEXT NOT NULL DEFAULT '',
  sha256    TEXT NOT NULL,       -- of document
  document  BLOB NOT NULL,       -- compact JSON, in our own way
  change    INTEGER NOT NULL     -- seq of the last entry of log that changed it
);
CREATE INDEX reports_change ON reports (change);

CREATE TABLE ids (               -- every id that was ever given; none is given twice
  id      TEXT PRIMARY KEY,
  year    INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  package INTEGER NOT NULL REFERENCES packages,
  given   TEXT NOT NULL,
  UNIQUE (year, number)
) WITHOUT ROWID;

CREATE TABLE names (             -- what else a report is known by: aliases, ids of sources
  name    TEXT NOT NULL,
  package INTEGER NOT NULL REFERENCES packages,
  PRIMARY KEY (name, package)
) WITHOUT ROWID;

CREATE TABLE log (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  action   TEXT NOT NULL,        -- claimed, assigned, published, withdrawn, reinstated, cleared, disputed …
  package  INTEGER REFERENCES packages,
  report   TEXT NOT NULL DEFAULT '',
  reason   TEXT NOT NULL DEFAULT '',
  evidence TEXT NOT NULL DEFAULT '',
  batch    TEXT NOT NULL DEFAULT '',   -- what one command did together, and can be undone together
  before   TEXT NOT NULL DEFAULT '',   -- sha256 of the document; of decisions: JSON
  after    TEXT NOT NULL DEFAULT '',
  state    TEXT NOT NULL DEFAULT ''    -- of the report from then on; empty where it stayed as it was
);
CREATE INDEX log_package ON log (package);
CREATE INDEX log_batch ON log (batch) WHERE batch <> '';

CREATE TABLE quarantine (
  id     INTEGER PRIMARY KEY,
  at     TEXT NOT NULL,
  source TEXT NOT NULL,
  key    TEXT NOT NULL,          -- path or URL at the source
  sha256 TEXT NOT NULL,
  code   TEXT NOT NULL,
  reason TEXT NOT NULL,
  UNIQUE (source, key, sha256)
);

CREATE TABLE sources (           -- how each source is doing
  source  TEXT PRIMARY KEY,
  tried   TEXT NOT NULL,         -- when it was last asked
  heard   TEXT NOT NULL DEFAULT '',  -- when that last went well
  news    TEXT NOT NULL DEFAULT '',  -- when it last said something new
  error   TEXT NOT NULL DEFAULT '',  -- what went wrong the last time
  fails   INTEGER NOT NULL DEFAULT 0, -- times in a row that it went wrong
  read    INTEGER NOT NULL DEFAULT 0, -- records, all told
  new     INTEGER NOT NULL DEFAULT 0, -- claims
  refused INTEGER NOT NULL DEFAULT 0,
  echoes  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE cursors (
  source TEXT NOT NULL,
  prefix TEXT NOT NULL,
  value  TEXT NOT NULL,
  at     TEXT NOT NULL,
  PRIMARY KEY (source, prefix)
) WITHOUT ROWID;

CREATE TABLE disputes (
  id       INTEGER PRIMARY KEY,
  package  INTEGER NOT NULL REFERENCES packages,
  state    TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected', 'retracted')),
  opened   TEXT NOT NULL,
  closed   TEXT NOT NULL DEFAULT '',
  actor    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  proof    TEXT NOT NULL DEFAULT '',
  versions TEXT NOT NULL DEFAULT '[]'
);

CREATE TABLE webhooks (          -- how far each has been told, and how that goes
  name   TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL,       -- seq of the last entry of log that it was told of
  due    TEXT NOT NULL DEFAULT '',   -- not before then: somebody is telling it, or it did not answer
  told   TEXT NOT NULL DEFAULT '',   -- when it last took something
  events INTEGER NOT NULL DEFAULT 0, -- that it took, all told
  fails  INTEGER NOT NULL DEFAULT 0, -- times in a row that it did not
  error  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
