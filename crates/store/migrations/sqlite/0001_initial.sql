-- Ids are UUIDs as text, times seconds since 1970, states the words of the glossary in snake_case.

CREATE TABLE holder (
    id TEXT PRIMARY KEY NOT NULL,
    authority TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT NOT NULL,
    email TEXT,
    registered_at INTEGER NOT NULL
) STRICT;

CREATE TABLE card (
    id TEXT PRIMARY KEY NOT NULL,
    number TEXT NOT NULL UNIQUE,
    authority TEXT NOT NULL,
    holder TEXT NOT NULL REFERENCES holder (id),
    rank TEXT NOT NULL,
    device INTEGER,
    guid TEXT,
    ordered_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    dispatched_at INTEGER,
    state_at INTEGER,
    termination_reason TEXT,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX card_by_device ON card (device) WHERE device IS NOT NULL;
CREATE INDEX card_by_authority ON card (authority, ordered_at, id);
CREATE INDEX card_overdue ON card (authority, id, dispatched_at) WHERE state = 'dispatched';
CREATE INDEX card_ordered ON card (ordered_at, id) WHERE state = 'ordered' AND device IS NULL;

CREATE TABLE generation (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    is_root INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    certificate BLOB NOT NULL,
    key_identifier BLOB NOT NULL,
    responder_certificate BLOB NOT NULL,
    base_url TEXT NOT NULL,
    founded_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (owner, ordinal)
) STRICT;

CREATE TABLE certificate (
    id TEXT PRIMARY KEY NOT NULL,
    authority TEXT NOT NULL,
    generation TEXT NOT NULL REFERENCES generation (id),
    holder TEXT NOT NULL REFERENCES holder (id),
    card TEXT REFERENCES card (id),
    role TEXT NOT NULL,
    serial TEXT NOT NULL,
    certificate BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    key_fingerprint BLOB NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    job TEXT,
    placement TEXT,
    read_back_at INTEGER,
    state TEXT NOT NULL,
    holds TEXT NOT NULL,
    revocation_reason TEXT,
    revoked_at INTEGER,
    version INTEGER NOT NULL,
    UNIQUE (generation, serial)
) STRICT;
CREATE INDEX certificate_by_card ON certificate (card, issued_at, id) WHERE card IS NOT NULL;
CREATE INDEX certificate_by_key ON certificate (key_fingerprint);
CREATE INDEX certificate_not_good ON certificate (generation, serial) WHERE state <> 'valid';

CREATE TABLE issuance (
    certificate TEXT PRIMARY KEY NOT NULL,
    generation TEXT NOT NULL,
    serial TEXT NOT NULL,
    job TEXT,
    role TEXT NOT NULL,
    key_fingerprint BLOB NOT NULL,
    state TEXT NOT NULL,
    to_be_signed BLOB,
    at INTEGER NOT NULL,
    UNIQUE (generation, serial)
) STRICT;
CREATE UNIQUE INDEX issuance_once ON issuance (job, role, key_fingerprint) WHERE state <> 'void';
CREATE INDEX issuance_unfinished ON issuance (at) WHERE state IN ('reserved', 'recorded');

CREATE TABLE crl (
    generation TEXT NOT NULL REFERENCES generation (id),
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    der BLOB NOT NULL,
    PRIMARY KEY (generation, number)
) STRICT;

CREATE TABLE user_code (
    card TEXT PRIMARY KEY NOT NULL REFERENCES card (id),
    hash TEXT NOT NULL,
    fails INTEGER NOT NULL,
    set_at INTEGER NOT NULL
) STRICT;

CREATE TABLE puk (
    card TEXT NOT NULL REFERENCES card (id),
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    unanswered INTEGER NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (card, version)
) STRICT;

CREATE TABLE card_job (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    card TEXT NOT NULL REFERENCES card (id),
    station TEXT,
    open INTEGER NOT NULL,
    exclusive INTEGER NOT NULL,
    token_sha256 BLOB NOT NULL,
    state TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    steps TEXT NOT NULL,
    expectation TEXT NOT NULL,
    ended TEXT,
    origin TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
-- One open job that changes the card, per card.
CREATE UNIQUE INDEX card_job_open ON card_job (card) WHERE open = 1 AND exclusive = 1;

CREATE TABLE receipt (
    job TEXT PRIMARY KEY NOT NULL,
    card TEXT NOT NULL REFERENCES card (id),
    cms BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX receipt_by_card ON receipt (card, at, job);

CREATE TABLE station (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    token_sha256 BLOB NOT NULL,
    enrolled_at INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;

CREATE TABLE lease (
    name TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_event (
    sequence INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit_head (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (one, sequence, hash)
VALUES (1, 0, x'0000000000000000000000000000000000000000000000000000000000000000');
