-- Files of certificates are found by their hashes.
CREATE INDEX certificate_by_sha256 ON certificate (sha256);
