-- +goose Up

-- Calls of generate-otp and verify-otp that were about to be made: written before the
-- call, taken away with the event that records it. What is left is of calls of which
-- nobody knows what became.
CREATE TABLE otp_claim (
    key      uuid   PRIMARY KEY,
    owner    uuid   NOT NULL,
    consent  uuid   NOT NULL,
    endpoint text   NOT NULL CHECK (endpoint IN ('generate-otp', 'verify-otp')),
    at       bigint NOT NULL, -- Unix time, ms
    until    bigint NOT NULL  -- it is taken to be under way
);

CREATE INDEX otp_claim_consent ON otp_claim (consent);

CREATE TRIGGER otp_claim_never BEFORE UPDATE OR TRUNCATE ON otp_claim
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('claims are never changed');
