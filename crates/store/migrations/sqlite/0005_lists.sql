-- A list in parts: databases and drivers hold a value several times over while it is written or read.
CREATE TABLE crl_part (
    generation TEXT NOT NULL,
    shard INTEGER NOT NULL,
    number INTEGER NOT NULL,
    part INTEGER NOT NULL,
    der BLOB NOT NULL,
    PRIMARY KEY (generation, shard, number, part),
    FOREIGN KEY (generation, shard, number) REFERENCES crl (generation, shard, number) ON DELETE CASCADE
) STRICT;
INSERT INTO crl_part SELECT generation, shard, number, 0, der FROM crl;
ALTER TABLE crl DROP COLUMN der;
