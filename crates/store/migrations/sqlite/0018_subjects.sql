-- Sessions and links are of a card, or of somebody else: 'card:' and its id.
CREATE TABLE session_of_subject (
    token_sha256 BLOB PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL,
    authority TEXT NOT NULL,
    job TEXT UNIQUE,
    begun_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
INSERT INTO session_of_subject (token_sha256, subject, authority, job, begun_at, expires_at, ended_at)
SELECT token_sha256, 'card:' || card, authority, job, begun_at, expires_at, ended_at FROM session;
DROP TABLE session;
ALTER TABLE session_of_subject RENAME TO session;
CREATE INDEX session_by_age ON session (expires_at);

CREATE TABLE confirmation_of_subject (
    token_sha256 BLOB PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL,
    code_sha256 BLOB,
    code_tries_left INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
INSERT INTO confirmation_of_subject (token_sha256, purpose, subject, payload, code_sha256, code_tries_left, asked_at,
    expires_at, used_at)
SELECT token_sha256, purpose, 'card:' || card, payload, code_sha256, code_tries_left, asked_at, expires_at, used_at
FROM confirmation;
DROP TABLE confirmation;
ALTER TABLE confirmation_of_subject RENAME TO confirmation;
CREATE INDEX confirmation_of_somebody ON confirmation (subject, purpose, asked_at);
CREATE INDEX confirmation_by_age ON confirmation (expires_at);
