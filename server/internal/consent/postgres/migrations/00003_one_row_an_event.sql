-- +goose Up

-- An event, its text and what it adds to the tree in one row and under one key: a
-- third of the rows to write, and of the room that rows and keys take beside what
-- they hold.
CREATE TABLE recorded (
    idx     bigint NOT NULL CHECK (idx >= 0),
    at      bigint NOT NULL, -- Unix time, ms
    consent uuid   NOT NULL,
    kind    text   NOT NULL,
    site    text   NOT NULL,

    -- Its entry in the RFC 6962 tree, which is the SHA-256 of salt and text, and above
    -- it the root of each subtree that it completes, 32 bytes each from the smallest
    -- up. Both stay when the text is blanked.
    entry   bytea  NOT NULL CHECK (length(entry) = 32),
    above   bytea  NOT NULL CHECK (length(above) % 32 = 0),

    -- The exact text. What was there before it was blanked is left in a dead row until
    -- a vacuum: soon.
    salt    bytea  NOT NULL CHECK (length(salt) IN (0, 32)),
    bytes   bytea  NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

INSERT INTO recorded SELECT e.idx, e.at, e.consent, e.kind, e.site, h.entry, h.above, b.salt, b.bytes
    FROM event e JOIN body b ON b.idx = e.idx JOIN hash h ON h.idx = e.idx ORDER BY e.idx;

-- +goose StatementBegin
DO $$
BEGIN
    IF (SELECT count(*) FROM event) <> (SELECT count(*) FROM recorded) THEN
        RAISE EXCEPTION 'an event has no text or no hash: `relay log verify` of the version before names it';
    END IF;
END $$;
-- +goose StatementEnd

DROP TABLE event, body, hash;
DROP FUNCTION body_only_blank(), hash_next();

ALTER TABLE recorded RENAME TO event;
ALTER TABLE event ADD CONSTRAINT event_pkey PRIMARY KEY (idx);
CREATE INDEX event_consent ON event (consent);

CREATE TRIGGER event_next AFTER INSERT ON event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_next();

-- +goose StatementBegin
CREATE FUNCTION event_only_blank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF length(NEW.bytes) > 0 OR length(NEW.salt) > 0
        OR ROW(NEW.idx, NEW.at, NEW.consent, NEW.kind, NEW.site, NEW.entry, NEW.above)
            IS DISTINCT FROM ROW(OLD.idx, OLD.at, OLD.consent, OLD.kind, OLD.site, OLD.entry, OLD.above) THEN
        RAISE EXCEPTION 'of an event the text is blanked, and nothing else is ever changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER event_only_blank BEFORE UPDATE ON event
    FOR EACH ROW EXECUTE FUNCTION event_only_blank();
CREATE TRIGGER event_never BEFORE DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never deleted');

-- Sixteen bytes are a uuid to the database: no length, and compared at once.
ALTER TABLE claim DROP CONSTRAINT claim_key_check;
ALTER TABLE claim
    ALTER COLUMN key TYPE uuid USING encode(key, 'hex')::uuid,
    ALTER COLUMN proof TYPE uuid USING encode(proof, 'hex')::uuid;
ALTER TABLE place DROP CONSTRAINT place_key_check;
ALTER TABLE place ALTER COLUMN key TYPE uuid USING encode(key, 'hex')::uuid;

-- Claims and places are written in the order of their events, so a summary of each
-- stretch of the table finds those of an event.
DROP INDEX claim_idx, place_idx;
CREATE INDEX claim_idx ON claim USING brin (idx) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX place_idx ON place USING brin (idx) WITH (pages_per_range = 16, autosummarize = on);

-- What one turn of the book notes is one row: hundreds of calls in a second are a
-- few rows a second.
CREATE TABLE allowance_note (
    account  text      NOT NULL,
    seq      bigint    NOT NULL, -- of its newest entry
    written  bigint    NOT NULL, -- Unix time, µs
    at       bigint[]  NOT NULL, -- of each entry, as was
    was      bigint[]  NOT NULL,
    site     text[]    NOT NULL,
    ticketed boolean[] NOT NULL,
    PRIMARY KEY (account, seq)
);

INSERT INTO allowance_note
    SELECT account, seq, written, ARRAY[at], ARRAY[was], ARRAY[site], ARRAY[ticketed] FROM allowance_entry;

DROP TABLE allowance_entry;
