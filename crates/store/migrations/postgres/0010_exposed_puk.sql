-- A person has seen this PUK: the next job that can puts another in its place.
ALTER TABLE puk ADD COLUMN exposed BIGINT NOT NULL DEFAULT 0;
