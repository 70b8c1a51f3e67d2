-- +goose Up

-- What package allowance keeps: nothing here is needed after a day, and nothing of
-- it proves anything.

-- A vendor account. Its row is locked by whoever gives its moments away.
CREATE TABLE allowance (
    account text   PRIMARY KEY,
    seq     bigint NOT NULL DEFAULT 0, -- of its newest entry
    paused  bigint NOT NULL DEFAULT 0  -- Unix time, µs, by this database's clock as all here: no call goes out before
);

-- When each call is noted as having reached the vendor. A later entry may correct
-- an earlier one.
CREATE TABLE allowance_entry (
    account  text    NOT NULL,
    seq      bigint  NOT NULL,
    written  bigint  NOT NULL, -- Unix time, µs
    at       bigint  NOT NULL, -- 0: the call that was noted with was is not made
    was      bigint  NOT NULL, -- 0: a new call
    site     text    NOT NULL,
    ticketed boolean NOT NULL,
    PRIMARY KEY (account, seq)
);

CREATE INDEX allowance_entry_written ON allowance_entry (account, written);

-- Relays that spend an account, so that they take turns.
CREATE TABLE allowance_relay (
    account text    NOT NULL,
    relay   text    NOT NULL, -- another one each time that it starts
    waiting integer NOT NULL, -- visitors
    served  bigint  NOT NULL, -- the newest entry that it wrote for a call
    seen    bigint  NOT NULL, -- Unix time, µs
    PRIMARY KEY (account, relay)
);

-- Vendor calls of consents, counted before they are made: the second and later ones.
CREATE TABLE consent_call (
    consent uuid    NOT NULL,
    n       integer NOT NULL,
    at      bigint  NOT NULL, -- Unix time, µs
    PRIMARY KEY (consent, n)
);

CREATE INDEX consent_call_at ON consent_call (at);
