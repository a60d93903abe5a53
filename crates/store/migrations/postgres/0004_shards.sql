-- A generation's revocation list is cut into shards; older generations have one list, as their certificates say.
ALTER TABLE generation ADD COLUMN shards BIGINT NOT NULL DEFAULT 1;
-- Where its status is listed, and the generation's revision at its last change of status.
ALTER TABLE certificate ADD COLUMN shard BIGINT NOT NULL DEFAULT 0;
ALTER TABLE certificate ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
UPDATE certificate SET revision = (SELECT revision FROM generation WHERE generation.id = certificate.generation);
CREATE INDEX certificate_by_change ON certificate (generation, shard, revision);
-- Its entry in the revocation list, where it has one: since when, and the CRLReason.
ALTER TABLE certificate ADD COLUMN listed_at BIGINT;
ALTER TABLE certificate ADD COLUMN listed_for BIGINT;
UPDATE certificate SET
    listed_at = CASE state
        WHEN 'held' THEN issued_at
        WHEN 'suspended' THEN COALESCE((holds::json -> 0 ->> 'at')::BIGINT, issued_at)
        ELSE revoked_at END,
    listed_for = CASE
        WHEN state <> 'revoked' THEN 6
        ELSE CASE revocation_reason
            WHEN 'key_compromise' THEN 1
            WHEN 'affiliation_changed' THEN 3
            WHEN 'superseded' THEN 4
            WHEN 'cessation_of_operation' THEN 5
            WHEN 'privilege_withdrawn' THEN 9
            ELSE 0 END
        END
    WHERE state <> 'valid';
DROP INDEX certificate_not_good;
-- With all that a list says: a million entries are read from it alone.
CREATE INDEX certificate_listed ON certificate (generation, shard, serial, not_after, listed_at, listed_for)
    WHERE listed_for IS NOT NULL;

-- Shard -1 is the list of all certificates.
CREATE TABLE crl_of_shard (
    generation TEXT NOT NULL REFERENCES generation (id),
    shard BIGINT NOT NULL,
    number BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    der BYTEA NOT NULL,
    PRIMARY KEY (generation, shard, number)
);
INSERT INTO crl_of_shard SELECT generation, -1, number, revision, this_update, next_update, der FROM crl;
DROP TABLE crl;
ALTER TABLE crl_of_shard RENAME TO crl;
-- Random numbers are not worth the time that compressing them takes.
ALTER TABLE crl ALTER COLUMN der SET STORAGE EXTERNAL;

-- A serial number is taken together with the bytes to be signed. One that was reserved without is void.
UPDATE issuance SET state = 'void' WHERE state = 'reserved';
DROP INDEX issuance_unfinished;
CREATE INDEX issuance_unfinished ON issuance (at) WHERE state = 'recorded';

-- What is overdue is found without looking at what is not.
DROP INDEX card_overdue;
CREATE INDEX card_overdue ON card (authority, dispatched_at, id) WHERE state = 'dispatched';
