-- An attempt is being made, until then at the latest.
ALTER TABLE mail ADD COLUMN trying_until BIGINT;
