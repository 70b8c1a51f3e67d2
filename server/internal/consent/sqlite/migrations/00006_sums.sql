-- +goose Up

-- Rows for which no event's text vouches are kept with a sum of their own values; NULL
-- in those that an older relay wrote.
ALTER TABLE reply ADD COLUMN sum BLOB;
ALTER TABLE message ADD COLUMN sum BLOB;
ALTER TABLE hold ADD COLUMN sum BLOB;
ALTER TABLE otp_claim ADD COLUMN sum BLOB;
ALTER TABLE fingerprint ADD COLUMN sum BLOB;

-- As many bytes as a consent takes, written by the readiness check: a smaller write may
-- fit where no consent does.
ALTER TABLE probe ADD COLUMN room BLOB;
