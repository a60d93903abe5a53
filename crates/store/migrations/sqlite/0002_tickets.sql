CREATE TABLE ticket (
    ticket_sha256 BLOB PRIMARY KEY NOT NULL,
    outcome_sha256 BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    authority TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    job TEXT
) STRICT;
CREATE INDEX ticket_by_age ON ticket (expires_at);
