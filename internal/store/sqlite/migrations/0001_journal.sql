CREATE TABLE event (
    seq       INTEGER PRIMARY KEY,
    app       TEXT    NOT NULL,
    release   TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    at        INTEGER NOT NULL, -- nanoseconds since 1970, UTC
    actor     TEXT    NOT NULL,
    data      BLOB    NOT NULL, -- JSON, or nothing
    prev_hash TEXT    NOT NULL,
    hash      TEXT    NOT NULL
) STRICT;

CREATE INDEX event_by_release ON event (app, release, seq);

-- Only the end grows. A unique index besides the primary key must not be
-- added: INSERT OR REPLACE would remove the older row without a trigger.
CREATE TRIGGER event_insert BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN
    SELECT RAISE(ABORT, 'the journal only grows at its end');
END;

CREATE TRIGGER event_update BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'records of the journal are never changed');
END;

CREATE TRIGGER event_delete BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'records of the journal are never removed');
END;

CREATE TABLE state (
    key  TEXT    PRIMARY KEY,
    seq  INTEGER NOT NULL,
    body BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. An empty owner means that nobody holds the lease.
CREATE TABLE lease (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    owner      TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    expires_at INTEGER NOT NULL -- nanoseconds since 1970, UTC
) STRICT;

INSERT INTO lease (id, owner, generation, expires_at) VALUES (1, '', 0, 0);

CREATE TRIGGER lease_update BEFORE UPDATE ON lease
WHEN NEW.generation < OLD.generation
BEGIN
    SELECT RAISE(ABORT, 'the generation of the lease never goes back');
END;

CREATE TRIGGER lease_delete BEFORE DELETE ON lease
BEGIN
    SELECT RAISE(ABORT, 'the lease is never removed');
END;
