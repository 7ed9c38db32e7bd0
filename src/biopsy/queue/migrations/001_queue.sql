-- Feeds, what they say, jobs, results, messages. PgQueuer's own tables stand beside these and are its own.

CREATE TABLE feed (
    name text PRIMARY KEY,
    cursor text NOT NULL DEFAULT '',
    validators jsonb NOT NULL DEFAULT '{}',
    polled timestamptz,
    moved timestamptz,
    newest timestamptz,
    items bigint NOT NULL DEFAULT 0,
    repeated bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    jobs bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    trouble text NOT NULL DEFAULT '',
    detail text NOT NULL DEFAULT '',
    paused boolean NOT NULL DEFAULT false,
    move uuid,                      -- of the last advance, so that one whose answer was lost is known again
    moved_by jsonb
);

CREATE TABLE gap (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed text NOT NULL REFERENCES feed (name),
    begins text NOT NULL,
    ends text NOT NULL,
    expected bigint,
    found bigint,
    noticed timestamptz NOT NULL DEFAULT now(),
    closed timestamptz,
    UNIQUE (feed, begins, ends)
);

CREATE TABLE item (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    said bytea NOT NULL UNIQUE,     -- a digest of feed and fields: what a feed says twice is one item
    feed text NOT NULL REFERENCES feed (name),
    ecosystem text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    change text NOT NULL,
    filename text NOT NULL,
    digest text NOT NULL,
    published timestamptz,
    serial bigint,
    reason text NOT NULL,
    seen timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX item_withdrawn ON item (ecosystem, name, version) WHERE change IN ('yanked', 'unyanked', 'deleted');
CREATE INDEX item_seen ON item (seen);

CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ecosystem text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    digest text NOT NULL,
    filename text NOT NULL,
    lane text NOT NULL,
    depth text NOT NULL,
    priority integer NOT NULL,
    why text NOT NULL,
    published timestamptz,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'done', 'parked', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    round integer NOT NULL DEFAULT 1,   -- how often it was asked for anew after an end
    pgq bigint,                         -- PgQueuer's, while it has one
    lease uuid,                         -- of who works on it: whoever lost it can no longer end it badly
    created timestamptz NOT NULL DEFAULT now(),
    ready timestamptz NOT NULL DEFAULT now(),
    taken timestamptz,
    ended timestamptz,
    worker text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    detail text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '',
    verdict text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX job_once ON job (ecosystem, name, version, digest) WHERE version <> '';
CREATE UNIQUE INDEX job_look ON job (ecosystem, name) WHERE version = '' AND state = 'waiting';
CREATE INDEX job_open ON job (lane, ecosystem, state) WHERE state IN ('waiting', 'running', 'parked');
CREATE INDEX job_ended ON job (ended);

CREATE TABLE attempt (
    job bigint NOT NULL REFERENCES job (id),
    lease uuid PRIMARY KEY,
    number integer NOT NULL,
    worker text NOT NULL,
    taken timestamptz NOT NULL DEFAULT now(),
    ended timestamptz,
    how text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX attempt_job ON attempt (job);

CREATE TABLE result (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job bigint NOT NULL REFERENCES job (id),
    round integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    reason text NOT NULL,
    verdict text NOT NULL,
    key text NOT NULL,
    run_ids text[] NOT NULL,
    seconds jsonb NOT NULL,
    worker text NOT NULL,
    UNIQUE (job, round)
);
CREATE INDEX result_at ON result (at);

CREATE TABLE message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    made timestamptz NOT NULL DEFAULT now(),
    due timestamptz NOT NULL DEFAULT now(),
    told timestamptz,
    tries integer NOT NULL DEFAULT 0,
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX message_untold ON message (due) WHERE told IS NULL;

CREATE TABLE worker (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    slots integer NOT NULL,
    lanes text[] NOT NULL,
    ecosystems text[] NOT NULL,
    state text NOT NULL DEFAULT 'working',
    started timestamptz NOT NULL DEFAULT now(),
    beat timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE bound (
    ecosystem text PRIMARY KEY,
    concurrency integer CHECK (concurrency > 0),
    per_second double precision CHECK (per_second > 0),
    burst integer NOT NULL DEFAULT 1 CHECK (burst > 0)
);

CREATE TABLE bucket (
    name text PRIMARY KEY,
    free timestamptz NOT NULL DEFAULT '-infinity'   -- when the next token is there (generic cell rate)
);

CREATE TABLE pause (
    what text PRIMARY KEY,      -- lane:batch, ecosystem:npm
    since timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW withdrawal AS
SELECT job.id AS job, item.change, item.reason, item.seen, item.feed, item.id AS item
FROM item JOIN job USING (ecosystem, name)
WHERE item.change IN ('yanked', 'unyanked', 'deleted')
  AND job.version <> ''
  AND (item.version = '' OR item.version = job.version)
  AND (item.digest = '' OR job.digest = '' OR item.digest = job.digest)
  AND (item.filename = '' OR job.filename = '' OR item.filename = job.filename);
