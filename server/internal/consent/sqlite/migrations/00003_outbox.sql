-- +goose Up

-- Messages that wait to be delivered to partners, each written in the transaction of
-- the event that it tells of. What arrived is deleted; what was given up stays, to be
-- counted.
CREATE TABLE message (
    idx   INTEGER PRIMARY KEY REFERENCES event (idx),
    site  TEXT    NOT NULL,
    body  BLOB    NOT NULL,
    made  INTEGER NOT NULL, -- Unix time, ms
    due   INTEGER,          -- of the next try; NULL once it was given up
    tries INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX message_due ON message (due);

-- Records that must not be erased.
CREATE TABLE hold (
    consent BLOB    PRIMARY KEY CHECK (length(consent) = 16),
    reason  TEXT    NOT NULL,
    since   INTEGER NOT NULL -- Unix time, ms
) STRICT, WITHOUT ROWID;

-- What an erasure takes away is found by the event.
CREATE INDEX claim_idx ON claim (idx);
CREATE INDEX place_idx ON place (idx);
