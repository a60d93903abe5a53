-- Wrong user codes on pages that ask for no card: a counter of their own, so that neither way locks the other.
ALTER TABLE user_code ADD COLUMN fails_without_card BIGINT NOT NULL DEFAULT 0;

-- Captchas that were answered, until they are over anyway: each is good once.
CREATE TABLE captcha (
    id BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX captcha_by_age ON captcha (expires_at);
