-- The secret of the browser that asked for a login, hashed: only there its outcome opens a session.
ALTER TABLE ticket ADD COLUMN browser_sha256 BYTEA;

-- Who has logged in with a card. One session for each login: its job stands here for as long as its ticket is remembered.
CREATE TABLE session (
    token_sha256 BYTEA PRIMARY KEY NOT NULL,
    job TEXT NOT NULL UNIQUE,
    card TEXT NOT NULL REFERENCES card (id),
    authority TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX session_by_age ON session (expires_at);

-- Cards whose certificates strangers do not find, as their holders have it.
CREATE TABLE unpublished (
    card TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES card (id),
    at BIGINT NOT NULL
);

-- By which rule of its policy an authority's holders were put into organisations.
CREATE TABLE organisation_rule (
    authority TEXT PRIMARY KEY NOT NULL,
    named_by TEXT NOT NULL
);

CREATE TABLE organisation_member (
    holder TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES holder (id),
    organisation TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL
);
CREATE INDEX card_by_holder ON card (holder);

-- What an organisation's list is sorted by, beside each certificate; written with it.
CREATE TABLE organisation_certificate (
    certificate TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES certificate (id),
    organisation TEXT COLLATE "C" NOT NULL,
    holder_name TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    not_after BIGINT NOT NULL
);
CREATE INDEX organisation_certificate_by_holder ON organisation_certificate (organisation, holder_name, number, certificate);
CREATE INDEX organisation_certificate_by_number ON organisation_certificate (organisation, number, certificate);
CREATE INDEX organisation_certificate_by_expiry ON organisation_certificate (organisation, not_after, certificate);
