-- By what an organisation's list is sorted that goes by holders. Names are folded by a rule with another number since then: the first
-- start of a program that knows it writes it for all.
ALTER TABLE organisation_member ADD COLUMN sorted_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE organisation_certificate ADD COLUMN sorted_by TEXT COLLATE "C" NOT NULL DEFAULT '';
-- The index by names stays for programs of the release before.
CREATE INDEX organisation_certificate_by_order ON organisation_certificate
    (organisation, sorted_by, number, role_rank, certificate);
