-- Ids are UUIDs as text, times seconds since 1970, states the words of the glossary in snake_case.

CREATE TABLE holder (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    authority TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT NOT NULL,
    email TEXT,
    registered_at BIGINT NOT NULL
);

CREATE TABLE card (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    number TEXT COLLATE "C" NOT NULL UNIQUE,
    authority TEXT NOT NULL,
    holder TEXT NOT NULL REFERENCES holder (id),
    rank TEXT NOT NULL,
    device BIGINT,
    guid TEXT,
    ordered_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    dispatched_at BIGINT,
    state_at BIGINT,
    termination_reason TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX card_by_device ON card (device) WHERE device IS NOT NULL;
CREATE INDEX card_by_authority ON card (authority, ordered_at, id);
CREATE INDEX card_overdue ON card (authority, id, dispatched_at) WHERE state = 'dispatched';
CREATE INDEX card_ordered ON card (ordered_at, id) WHERE state = 'ordered' AND device IS NULL;

CREATE TABLE generation (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    is_root BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    certificate BYTEA NOT NULL,
    key_identifier BYTEA NOT NULL,
    responder_certificate BYTEA NOT NULL,
    base_url TEXT NOT NULL,
    founded_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (owner, ordinal)
);

CREATE TABLE certificate (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    authority TEXT NOT NULL,
    generation TEXT NOT NULL REFERENCES generation (id),
    holder TEXT NOT NULL REFERENCES holder (id),
    card TEXT REFERENCES card (id),
    role TEXT NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    certificate BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    key_fingerprint BYTEA NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    job TEXT,
    placement TEXT,
    read_back_at BIGINT,
    state TEXT NOT NULL,
    holds TEXT NOT NULL,
    revocation_reason TEXT,
    revoked_at BIGINT,
    version BIGINT NOT NULL,
    UNIQUE (generation, serial)
);
CREATE INDEX certificate_by_card ON certificate (card, issued_at, id) WHERE card IS NOT NULL;
CREATE INDEX certificate_by_key ON certificate (key_fingerprint);
CREATE INDEX certificate_not_good ON certificate (generation, serial) WHERE state <> 'valid';

CREATE TABLE issuance (
    certificate TEXT PRIMARY KEY NOT NULL,
    generation TEXT NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    job TEXT,
    role TEXT NOT NULL,
    key_fingerprint BYTEA NOT NULL,
    state TEXT NOT NULL,
    to_be_signed BYTEA,
    at BIGINT NOT NULL,
    UNIQUE (generation, serial)
);
CREATE UNIQUE INDEX issuance_once ON issuance (job, role, key_fingerprint) WHERE state <> 'void';
CREATE INDEX issuance_unfinished ON issuance (at) WHERE state IN ('reserved', 'recorded');

CREATE TABLE crl (
    generation TEXT NOT NULL REFERENCES generation (id),
    number BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    der BYTEA NOT NULL,
    PRIMARY KEY (generation, number)
);

CREATE TABLE user_code (
    card TEXT PRIMARY KEY NOT NULL REFERENCES card (id),
    hash TEXT NOT NULL,
    fails BIGINT NOT NULL,
    set_at BIGINT NOT NULL
);

CREATE TABLE puk (
    card TEXT NOT NULL REFERENCES card (id),
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    unanswered BIGINT NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (card, version)
);

CREATE TABLE card_job (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    card TEXT NOT NULL REFERENCES card (id),
    station TEXT,
    open BIGINT NOT NULL,
    exclusive BIGINT NOT NULL,
    token_sha256 BYTEA NOT NULL,
    state TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    nonce BYTEA NOT NULL,
    steps TEXT NOT NULL,
    expectation TEXT NOT NULL,
    ended TEXT,
    origin TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- One open job that changes the card, per card.
CREATE UNIQUE INDEX card_job_open ON card_job (card) WHERE open = 1 AND exclusive = 1;

CREATE TABLE receipt (
    job TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    card TEXT NOT NULL REFERENCES card (id),
    cms BYTEA NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX receipt_by_card ON receipt (card, at, job);

CREATE TABLE station (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    token_sha256 BYTEA NOT NULL,
    enrolled_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);

CREATE TABLE lease (
    name TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE audit_event (
    sequence BIGINT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE audit_head (
    one BIGINT PRIMARY KEY NOT NULL CHECK (one = 1),
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
INSERT INTO audit_head (one, sequence, hash)
VALUES (1, 0, '\x0000000000000000000000000000000000000000000000000000000000000000');
