CREATE TABLE ticket (
    ticket_sha256 BYTEA PRIMARY KEY NOT NULL,
    outcome_sha256 BYTEA NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    authority TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    job TEXT
);
CREATE INDEX ticket_by_age ON ticket (expires_at);
