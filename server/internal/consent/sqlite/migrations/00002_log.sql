-- +goose Up

-- A salt for each event, so that its hash gives nothing away once both are blank.
ALTER TABLE body ADD COLUMN salt BLOB NOT NULL DEFAULT x'' CHECK (length(salt) IN (0, 32));

DROP TRIGGER body_only_blank;

-- Events from before there was a log get theirs now.
UPDATE body SET salt = randomblob(32) WHERE length(bytes) > 0;

-- +goose StatementBegin
CREATE TRIGGER body_only_blank BEFORE UPDATE ON body
WHEN NEW.idx IS NOT OLD.idx OR length(NEW.bytes) > 0 OR length(NEW.salt) > 0
BEGIN
    SELECT raise(ABORT, 'a body is only ever blanked');
END;
-- +goose StatementEnd

-- What each event adds to the RFC 6962 tree: its entry, which is the SHA-256 of salt
-- and body, and above it the root of each subtree that it completes, 32 bytes each
-- from the smallest up. Stays when the body is blanked.
CREATE TABLE hash (
    idx   INTEGER PRIMARY KEY REFERENCES event (idx),
    entry BLOB    NOT NULL CHECK (length(entry) = 32),
    above BLOB    NOT NULL CHECK (length(above) % 32 = 0)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER hash_next BEFORE INSERT ON hash
WHEN NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM hash)
BEGIN
    SELECT raise(ABORT, 'hashes must have the next index');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER hash_no_update BEFORE UPDATE ON hash
BEGIN
    SELECT raise(ABORT, 'hashes are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER hash_no_delete BEFORE DELETE ON hash
BEGIN
    SELECT raise(ABORT, 'hashes are never deleted');
END;
-- +goose StatementEnd

-- The newest checkpoint: replaced in every transaction that writes events. It also
-- says how many checkpoints were published, and which was the last.
CREATE TABLE head (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    origin      TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    note        BLOB    NOT NULL,
    checkpoints INTEGER NOT NULL DEFAULT 0,
    published   INTEGER NOT NULL DEFAULT -1
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER head_one_log BEFORE UPDATE ON head
WHEN NEW.origin IS NOT OLD.origin OR NEW.size < OLD.size
BEGIN
    SELECT raise(ABORT, 'a log keeps its origin and never shrinks');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER head_no_delete BEFORE DELETE ON head
BEGIN
    SELECT raise(ABORT, 'the newest checkpoint is only ever replaced');
END;
-- +goose StatementEnd

-- Those that were published.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note BLOB    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER checkpoint_counted AFTER INSERT ON checkpoint
BEGIN
    UPDATE head SET checkpoints = checkpoints + 1, published = NEW.size;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN
    SELECT raise(ABORT, 'published checkpoints are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint
WHEN NEW.size <= (SELECT max(size) FROM checkpoint)
BEGIN
    SELECT raise(ABORT, 'checkpoints are published in their order, once');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN
    SELECT raise(ABORT, 'published checkpoints are never deleted');
END;
-- +goose StatementEnd

-- Public keys that signed checkpoints, so that old ones can be checked after a
-- rotation.
CREATE TABLE log_key (
    seq  INTEGER PRIMARY KEY,
    vkey TEXT    NOT NULL UNIQUE
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER log_key_no_update BEFORE UPDATE ON log_key
BEGIN
    SELECT raise(ABORT, 'public keys are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER log_key_no_delete BEFORE DELETE ON log_key
BEGIN
    SELECT raise(ABORT, 'public keys are never deleted');
END;
-- +goose StatementEnd

-- Each time an operator went on from a log that was behind an earlier checkpoint.
CREATE TABLE fork (
    at     INTEGER NOT NULL, -- Unix time, ms
    reason TEXT    NOT NULL,
    size   INTEGER NOT NULL, -- of the log that was gone on from
    lost   BLOB    NOT NULL  -- the checkpoint that it was behind
) STRICT;
