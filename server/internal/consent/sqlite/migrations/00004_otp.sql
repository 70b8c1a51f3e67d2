-- +goose Up

-- Calls of generate-otp and verify-otp that were about to be made: written before the
-- call, taken away with the event that records it. What is left is of calls of which
-- nobody knows what became.
CREATE TABLE otp_claim (
    key      BLOB    PRIMARY KEY CHECK (length(key) = 16),
    owner    BLOB    NOT NULL CHECK (length(owner) = 16),
    consent  BLOB    NOT NULL CHECK (length(consent) = 16),
    endpoint TEXT    NOT NULL CHECK (endpoint IN ('generate-otp', 'verify-otp')),
    at       INTEGER NOT NULL, -- Unix time, ms
    until    INTEGER NOT NULL  -- it is taken to be under way
) STRICT, WITHOUT ROWID;

CREATE INDEX otp_claim_consent ON otp_claim (consent);

-- +goose StatementBegin
CREATE TRIGGER otp_claim_no_update BEFORE UPDATE ON otp_claim
BEGIN
    SELECT raise(ABORT, 'claims are never changed');
END;
-- +goose StatementEnd
