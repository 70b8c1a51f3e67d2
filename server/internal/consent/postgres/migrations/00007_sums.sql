-- +goose Up

-- Rows for which no event's text vouches are kept with a sum of their own values; NULL
-- in those that an older relay wrote.
ALTER TABLE reply ADD COLUMN sum bytea;
ALTER TABLE message ADD COLUMN sum bytea;
ALTER TABLE hold ADD COLUMN sum bytea;
ALTER TABLE otp_claim ADD COLUMN sum bytea;
ALTER TABLE fingerprint ADD COLUMN sum bytea;

-- As many bytes as a consent takes, written by the readiness check.
ALTER TABLE probe ADD COLUMN room bytea;
