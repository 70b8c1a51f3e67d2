-- +goose Up

-- The ledger itself: never changed, never deleted, numbered without a gap.
CREATE TABLE event (
    idx     INTEGER PRIMARY KEY,
    kind    TEXT    NOT NULL,
    consent BLOB    NOT NULL CHECK (length(consent) = 16),
    site    TEXT    NOT NULL,
    at      INTEGER NOT NULL -- Unix time, ms
) STRICT;

CREATE INDEX event_consent ON event (consent);

-- +goose StatementBegin
CREATE TRIGGER event_next BEFORE INSERT ON event
WHEN NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM event)
BEGIN
    SELECT raise(ABORT, 'an event must have the next index');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN
    SELECT raise(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
    SELECT raise(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd

-- The exact bytes of each event, apart from it, so that they can be blanked.
CREATE TABLE body (
    idx   INTEGER PRIMARY KEY REFERENCES event (idx),
    bytes BLOB    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER body_only_blank BEFORE UPDATE ON body
WHEN NEW.idx IS NOT OLD.idx OR length(NEW.bytes) > 0
BEGIN
    SELECT raise(ABORT, 'a body is only ever blanked');
END;
-- +goose StatementEnd

-- REPLACE deletes without a word to the triggers on DELETE.
-- +goose StatementBegin
CREATE TRIGGER body_no_replace BEFORE INSERT ON body
WHEN EXISTS (SELECT 1 FROM body WHERE idx = NEW.idx)
BEGIN
    SELECT raise(ABORT, 'a body is written once');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER body_no_delete BEFORE DELETE ON body
BEGIN
    SELECT raise(ABORT, 'bodies are never deleted');
END;
-- +goose StatementEnd

-- Look-ups. Their keys are HMACs; nothing here is needed to prove a record.
CREATE TABLE claim (
    key   BLOB    PRIMARY KEY CHECK (length(key) = 16),
    idx   INTEGER NOT NULL REFERENCES event (idx),
    proof BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reply (
    idx   INTEGER PRIMARY KEY REFERENCES event (idx),
    at    INTEGER NOT NULL, -- of the event
    value TEXT    NOT NULL
) STRICT;

CREATE INDEX reply_at ON reply (at);

CREATE TABLE place (
    key BLOB    NOT NULL CHECK (length(key) = 16),
    idx INTEGER NOT NULL REFERENCES event (idx),
    PRIMARY KEY (key, idx)
) STRICT, WITHOUT ROWID;

-- What people were shown.
CREATE TABLE notice (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    bytes  BLOB NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER notice_no_update BEFORE UPDATE ON notice
BEGIN
    SELECT raise(ABORT, 'notices are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notice_no_replace BEFORE INSERT ON notice
WHEN EXISTS (SELECT 1 FROM notice WHERE sha256 = NEW.sha256 AND bytes IS NOT NEW.bytes)
BEGIN
    SELECT raise(ABORT, 'notices are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notice_no_delete BEFORE DELETE ON notice
BEGIN
    SELECT raise(ABORT, 'notices are never deleted');
END;
-- +goose StatementEnd

-- Written by the readiness check after a failure, to see whether writing works again.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
