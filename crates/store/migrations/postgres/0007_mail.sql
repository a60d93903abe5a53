-- The outbox: written with what a mail tells of. The letter is sealed, since it may hold a link that opens something.
CREATE TABLE mail (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    authority TEXT NOT NULL,
    recipient TEXT NOT NULL,
    letter TEXT NOT NULL,
    sealed BYTEA,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    useless_at BIGINT,
    failure TEXT
);
CREATE INDEX mail_due ON mail (due_at, id) WHERE state = 'waiting';
CREATE INDEX mail_unsent ON mail (state, due_at) WHERE state <> 'sent';
CREATE INDEX mail_sent ON mail (due_at) WHERE state = 'sent';

-- Who is written to about a holder's cards.
CREATE TABLE contact (
    holder TEXT PRIMARY KEY NOT NULL REFERENCES holder (id),
    email TEXT NOT NULL,
    name TEXT,
    telephone TEXT,
    set_at BIGINT NOT NULL
);

-- What is confirmed by a link or a code from a mail: their hashes alone.
CREATE TABLE confirmation (
    token_sha256 BYTEA PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    card TEXT NOT NULL REFERENCES card (id),
    payload TEXT NOT NULL,
    code_sha256 BYTEA,
    code_tries_left BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX confirmation_of_card ON confirmation (card, purpose, asked_at);
CREATE INDEX confirmation_by_age ON confirmation (expires_at);
