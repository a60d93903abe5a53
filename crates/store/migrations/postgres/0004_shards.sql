-- A generation's revocation list is cut into shards; older generations have one list, as their certificates say.
ALTER TABLE generation ADD COLUMN shards BIGINT NOT NULL DEFAULT 1;
-- Where its status is listed, and the generation's revision at its last change of status.
ALTER TABLE certificate ADD COLUMN shard BIGINT NOT NULL DEFAULT 0;
ALTER TABLE certificate ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
UPDATE certificate SET revision = (SELECT revision FROM generation WHERE generation.id = certificate.generation);
CREATE INDEX certificate_by_change ON certificate (generation, shard, revision);
DROP INDEX certificate_not_good;
CREATE INDEX certificate_not_good ON certificate (generation, shard, serial) WHERE state <> 'valid';

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

-- A serial number is taken together with the bytes to be signed. One that was reserved without is void.
UPDATE issuance SET state = 'void' WHERE state = 'reserved';
DROP INDEX issuance_unfinished;
CREATE INDEX issuance_unfinished ON issuance (at) WHERE state = 'recorded';
