-- +goose Up

-- Tables and columns mean what they mean in package sqlite. No foreign keys: each
-- would lock and read a row of event for every row written, and `relay log verify`
-- finds what belongs to no event.

-- +goose StatementBegin
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- The ledger itself: never changed, never deleted, numbered without a gap.
CREATE TABLE event (
    idx     bigint PRIMARY KEY CHECK (idx >= 0),
    kind    text   NOT NULL,
    consent uuid   NOT NULL,
    site    text   NOT NULL,
    at      bigint NOT NULL -- Unix time, ms
);

CREATE INDEX event_consent ON event (consent);

-- What is added has no gap in it and begins where the table ended; that no index is
-- there twice, the primary key sees to.
-- +goose StatementBegin
CREATE FUNCTION event_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    last  bigint;
    n     bigint;
BEGIN
    SELECT min(idx), max(idx), count(*) INTO first, last, n FROM added;
    IF last - first + 1 <> n OR first > 0 AND NOT EXISTS (SELECT 1 FROM event WHERE idx = first - 1) THEN
        RAISE EXCEPTION 'an event must have the next index' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER event_next AFTER INSERT ON event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_next();
CREATE TRIGGER event_never BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never changed or deleted');

-- The exact bytes of each event and its salt, apart from it, so that they can be
-- blanked. What was there before is left in dead rows until a vacuum: soon.
CREATE TABLE body (
    idx   bigint PRIMARY KEY,
    bytes bytea  NOT NULL,
    salt  bytea  NOT NULL CHECK (length(salt) IN (0, 32))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- +goose StatementBegin
CREATE FUNCTION body_only_blank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.idx <> OLD.idx OR length(NEW.bytes) > 0 OR length(NEW.salt) > 0 THEN
        RAISE EXCEPTION 'a body is only ever blanked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER body_only_blank BEFORE UPDATE ON body
    FOR EACH ROW EXECUTE FUNCTION body_only_blank();
CREATE TRIGGER body_never BEFORE DELETE OR TRUNCATE ON body
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('bodies are never deleted');

-- Look-ups. Their keys are HMACs; nothing here is needed to prove a record.
CREATE TABLE claim (
    key   bytea  PRIMARY KEY CHECK (length(key) = 16),
    idx   bigint NOT NULL,
    proof bytea  NOT NULL
);

CREATE INDEX claim_idx ON claim (idx);

CREATE TABLE place (
    key bytea  NOT NULL CHECK (length(key) = 16),
    idx bigint NOT NULL,
    PRIMARY KEY (key, idx)
);

CREATE INDEX place_idx ON place (idx);

CREATE TRIGGER claim_never BEFORE UPDATE OR TRUNCATE ON claim
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('claims are never changed');
CREATE TRIGGER place_never BEFORE UPDATE OR TRUNCATE ON place
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('places are never changed');

CREATE TABLE reply (
    idx   bigint PRIMARY KEY,
    at    bigint NOT NULL, -- of the event
    value text   NOT NULL
);

CREATE INDEX reply_at ON reply (at);

-- What people were shown.
CREATE TABLE notice (
    sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
    bytes  bytea NOT NULL
);

CREATE TRIGGER notice_never BEFORE UPDATE OR DELETE OR TRUNCATE ON notice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('notices are never changed or deleted');

-- Written to find out whether writing works.
CREATE TABLE probe (
    id smallint PRIMARY KEY CHECK (id = 1),
    at bigint   NOT NULL
);

-- What each event adds to the RFC 6962 tree: its entry, which is the SHA-256 of salt
-- and body, and above it the root of each subtree that it completes, 32 bytes each
-- from the smallest up. Stays when the body is blanked.
CREATE TABLE hash (
    idx   bigint PRIMARY KEY CHECK (idx >= 0),
    entry bytea  NOT NULL CHECK (length(entry) = 32),
    above bytea  NOT NULL CHECK (length(above) % 32 = 0)
);

-- +goose StatementBegin
CREATE FUNCTION hash_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    last  bigint;
    n     bigint;
BEGIN
    SELECT min(idx), max(idx), count(*) INTO first, last, n FROM added;
    IF last - first + 1 <> n OR first > 0 AND NOT EXISTS (SELECT 1 FROM hash WHERE idx = first - 1) THEN
        RAISE EXCEPTION 'hashes must have the next index' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER hash_next AFTER INSERT ON hash REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION hash_next();
CREATE TRIGGER hash_never BEFORE UPDATE OR DELETE OR TRUNCATE ON hash
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('hashes are never changed or deleted');

-- The newest checkpoint: replaced in every transaction that writes events, and locked
-- by every transaction before it reads, so that they come one after the other. It also
-- says how many checkpoints were published, and which was the last.
CREATE TABLE head (
    id          smallint PRIMARY KEY CHECK (id = 1),
    origin      text     NOT NULL,
    size        bigint   NOT NULL,
    note        bytea    NOT NULL, -- empty before the first
    checkpoints bigint   NOT NULL DEFAULT 0,
    published   bigint   NOT NULL DEFAULT -1
) WITH (fillfactor = 10);

INSERT INTO head (id, origin, size, note) VALUES (1, '', 0, '');

-- +goose StatementBegin
CREATE FUNCTION head_one_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.origin <> OLD.origin AND length(OLD.note) > 0 OR NEW.size < OLD.size THEN
        RAISE EXCEPTION 'a log keeps its origin and never shrinks' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER head_one_log BEFORE UPDATE ON head
    FOR EACH ROW EXECUTE FUNCTION head_one_log();
CREATE TRIGGER head_never BEFORE DELETE OR TRUNCATE ON head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the newest checkpoint is only ever replaced');

-- Those that were published.
CREATE TABLE checkpoint (
    size bigint PRIMARY KEY,
    note bytea  NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION checkpoint_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE head SET checkpoints = checkpoints + 1, published = NEW.size WHERE published < NEW.size;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'checkpoints are published in their order, once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER checkpoint_counted AFTER INSERT ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION checkpoint_counted();
CREATE TRIGGER checkpoint_never BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('published checkpoints are never changed or deleted');

-- Public keys that signed checkpoints, so that old ones can be checked after a
-- rotation.
CREATE TABLE log_key (
    seq  bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    vkey text   NOT NULL UNIQUE
);

CREATE TRIGGER log_key_never BEFORE UPDATE OR DELETE OR TRUNCATE ON log_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('public keys are never changed or deleted');

-- Each time an operator went on from a log that was behind an earlier checkpoint.
CREATE TABLE fork (
    seq    bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at     bigint NOT NULL, -- Unix time, ms
    reason text   NOT NULL,
    size   bigint NOT NULL, -- of the log that was gone on from
    lost   bytea  NOT NULL  -- the checkpoint that it was behind
);

CREATE TRIGGER fork_never BEFORE UPDATE OR DELETE OR TRUNCATE ON fork
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('forks are never changed or deleted');

-- Messages that wait to be delivered to partners, each written in the transaction of
-- the event that it tells of. What arrived is deleted; what was given up stays, to be
-- counted. The relay that takes a message puts off its due time, so that no other one
-- takes it meanwhile.
CREATE TABLE message (
    idx   bigint PRIMARY KEY,
    site  text    NOT NULL,
    body  bytea   NOT NULL,
    made  bigint  NOT NULL, -- Unix time, ms
    due   bigint,           -- of the next try; NULL once it was given up
    tries integer NOT NULL DEFAULT 0
);

CREATE INDEX message_due ON message (due);

-- Records that must not be erased.
CREATE TABLE hold (
    consent uuid   PRIMARY KEY,
    reason  text   NOT NULL,
    since   bigint NOT NULL -- Unix time, ms
);
