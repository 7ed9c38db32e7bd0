-- The read model of the site. Everything in it can be made again of the warehouse and the report database.
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE packs (id INTEGER PRIMARY KEY, partition TEXT NOT NULL, pack TEXT NOT NULL, UNIQUE (partition, pack));
CREATE TABLE heard (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE packages (
  id INTEGER PRIMARY KEY, ecosystem INTEGER NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
  runs INTEGER NOT NULL DEFAULT 0, latest INTEGER NOT NULL DEFAULT 0, call INTEGER NOT NULL DEFAULT 0,
  report TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT '', UNIQUE (ecosystem, name)
);
CREATE INDEX packages_folded ON packages (folded);
CREATE VIRTUAL TABLE names USING fts5 (name, content='', tokenize='trigram', columnsize=0, detail=full);
CREATE TABLE analyses (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, package INTEGER NOT NULL, pack INTEGER NOT NULL,
  ecosystem INTEGER NOT NULL, version TEXT NOT NULL, created INTEGER NOT NULL, sha256 TEXT NOT NULL,
  outline TEXT NOT NULL DEFAULT '', call INTEGER NOT NULL DEFAULT 0, judged TEXT NOT NULL DEFAULT '',
  rules TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', marks TEXT NOT NULL DEFAULT '[]',
  first TEXT NOT NULL DEFAULT '', seconds REAL
);
CREATE INDEX analyses_package ON analyses (package, created);
CREATE INDEX analyses_created ON analyses (created, id);
CREATE INDEX analyses_pack ON analyses (pack);
CREATE INDEX analyses_judged ON analyses (judged);
CREATE TABLE marks (
  dim INTEGER NOT NULL, value INTEGER NOT NULL, created INTEGER NOT NULL, analysis INTEGER NOT NULL,
  ecosystem INTEGER NOT NULL, call INTEGER NOT NULL, PRIMARY KEY (dim, value, created, analysis)
) WITHOUT ROWID;
CREATE TABLE days (
  dim INTEGER NOT NULL, day INTEGER NOT NULL, ecosystem INTEGER NOT NULL, value INTEGER NOT NULL,
  call INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (dim, day, ecosystem, value, call)
) WITHOUT ROWID;
CREATE TABLE totals (
  dim INTEGER NOT NULL, value INTEGER NOT NULL, ecosystem INTEGER NOT NULL, call INTEGER NOT NULL,
  n INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (dim, value, ecosystem, call)
) WITHOUT ROWID;
CREATE TABLE times (
  day INTEGER NOT NULL, ecosystem INTEGER NOT NULL, n INTEGER NOT NULL, p50 REAL NOT NULL, p95 REAL NOT NULL,
  PRIMARY KEY (day, ecosystem)
) WITHOUT ROWID;
CREATE TABLE hosts (id INTEGER PRIMARY KEY, host TEXT NOT NULL UNIQUE, backwards TEXT NOT NULL, runs INTEGER NOT NULL);
CREATE INDEX hosts_backwards ON hosts (backwards);
CREATE TABLE contacts (
  host INTEGER NOT NULL, created INTEGER NOT NULL, analysis INTEGER NOT NULL, PRIMARY KEY (host, created, analysis)
) WITHOUT ROWID;
CREATE TABLE hashes (
  hash BLOB NOT NULL, analysis INTEGER NOT NULL, artifact INTEGER NOT NULL, PRIMARY KEY (hash, analysis)
) WITHOUT ROWID;
CREATE TABLE reports (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, package INTEGER NOT NULL, change INTEGER NOT NULL,
  id TEXT NOT NULL, ecosystem INTEGER NOT NULL, state TEXT NOT NULL, published TEXT NOT NULL,
  modified TEXT NOT NULL, withdrawn TEXT NOT NULL, summary TEXT NOT NULL, sources TEXT NOT NULL, osv TEXT NOT NULL
);
CREATE INDEX reports_package ON reports (package);
CREATE INDEX reports_published ON reports (published, number);
CREATE INDEX reports_state ON reports (state, published, number);
CREATE INDEX reports_ecosystem ON reports (ecosystem, published, number);
CREATE INDEX reports_change ON reports (change);
CREATE INDEX reports_id ON reports (id);
CREATE TABLE told (
  source INTEGER NOT NULL, published TEXT NOT NULL, report INTEGER NOT NULL, PRIMARY KEY (source, published, report)
) WITHOUT ROWID;
