-- Certificates of one card stand together in an organisation's list, in the order of their roles.
ALTER TABLE organisation_certificate ADD COLUMN role_rank INTEGER NOT NULL DEFAULT 0;
UPDATE organisation_certificate SET role_rank = (SELECT CASE certificate.role WHEN 'signature' THEN 1
    WHEN 'encryption' THEN 2 ELSE 3 END FROM certificate WHERE certificate.id = organisation_certificate.certificate);
DROP INDEX organisation_certificate_by_holder;
DROP INDEX organisation_certificate_by_number;
DROP INDEX organisation_certificate_by_expiry;
CREATE INDEX organisation_certificate_by_holder ON organisation_certificate
    (organisation, holder_name, number, role_rank, certificate);
CREATE INDEX organisation_certificate_by_number ON organisation_certificate (organisation, number, role_rank, certificate);
CREATE INDEX organisation_certificate_by_expiry ON organisation_certificate
    (organisation, not_after, number, role_rank, certificate);
