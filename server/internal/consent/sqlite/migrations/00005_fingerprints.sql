-- +goose Up

-- With which keys the ledger is written: of the look-up key and the receipt key the
-- newest row counts, of the log's keys each.
CREATE TABLE fingerprint (
    seq    INTEGER PRIMARY KEY,
    name   TEXT    NOT NULL CHECK (name IN ('lookup', 'receipt', 'log')),
    print  BLOB    NOT NULL CHECK (length(print) = 8),
    at     INTEGER NOT NULL, -- Unix time, ms
    reason TEXT    NOT NULL  -- why an operator replaced the key before; else empty
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER fingerprint_no_update BEFORE UPDATE ON fingerprint
BEGIN
    SELECT raise(ABORT, 'fingerprints are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fingerprint_no_replace BEFORE INSERT ON fingerprint
WHEN EXISTS (SELECT 1 FROM fingerprint WHERE seq = NEW.seq)
BEGIN
    SELECT raise(ABORT, 'fingerprints are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fingerprint_no_delete BEFORE DELETE ON fingerprint
BEGIN
    SELECT raise(ABORT, 'fingerprints are never deleted');
END;
-- +goose StatementEnd
