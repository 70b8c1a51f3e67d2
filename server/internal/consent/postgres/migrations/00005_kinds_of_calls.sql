-- +goose Up

-- Which endpoint each call asks, and which consent it belongs to. Rows that an older
-- relay writes say neither.
ALTER TABLE allowance_note
    ADD COLUMN kind    text[] NOT NULL DEFAULT '{}', -- of each entry, as consent
    ADD COLUMN consent text[] NOT NULL DEFAULT '{}';

-- How many wait in each class, who goes first first. An older relay says only how many.
ALTER TABLE allowance_relay ADD COLUMN classes integer[] NOT NULL DEFAULT '{}';
