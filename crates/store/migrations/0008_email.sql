-- The address that a card's certificates are about to name, as JSON: which, and since when it is known to be its owner's.
ALTER TABLE card ADD COLUMN proved_email TEXT;

-- What a page said of the job that it asked for, as JSON.
ALTER TABLE ticket ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
