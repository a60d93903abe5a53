-- A holder outlives its orders. What an order alone says goes with its card: who is written to, and what its certificates
-- name.
CREATE TABLE contact_of_card (
    card TEXT PRIMARY KEY NOT NULL REFERENCES card (id),
    email TEXT NOT NULL,
    name TEXT,
    telephone TEXT,
    set_at INTEGER NOT NULL
) STRICT;
INSERT INTO contact_of_card (card, email, name, telephone, set_at)
SELECT card.id, contact.email, contact.name, contact.telephone, contact.set_at
FROM contact JOIN card ON card.holder = contact.holder;
DROP TABLE contact;
ALTER TABLE contact_of_card RENAME TO contact;
ALTER TABLE card ADD COLUMN email TEXT;
UPDATE card SET email = (SELECT holder.email FROM holder WHERE holder.id = card.holder);
ALTER TABLE holder DROP COLUMN email;

-- Holders of one authority with the same subject, octet by octet, are one: the one that was registered first. Of what they
-- are in the authority's terms, the latest that says anything counts.
CREATE TABLE same_holder (
    merged TEXT PRIMARY KEY NOT NULL,
    kept TEXT NOT NULL
) STRICT;
INSERT INTO same_holder (merged, kept)
SELECT id, kept FROM (SELECT id,
        FIRST_VALUE(id) OVER (PARTITION BY authority, subject ORDER BY registered_at, id) AS kept FROM holder) AS every
    WHERE id <> kept;
UPDATE holder SET organisation = COALESCE((SELECT latest.organisation FROM holder AS latest
        WHERE latest.authority = holder.authority AND latest.subject = holder.subject AND latest.organisation <> '{}'
        ORDER BY latest.registered_at DESC, latest.id DESC LIMIT 1), organisation)
    WHERE id IN (SELECT kept FROM same_holder);
UPDATE card SET holder = (SELECT kept FROM same_holder WHERE merged = card.holder)
    WHERE holder IN (SELECT merged FROM same_holder);
UPDATE certificate SET holder = (SELECT kept FROM same_holder WHERE merged = certificate.holder)
    WHERE holder IN (SELECT merged FROM same_holder);
INSERT INTO organisation_member (holder, organisation, name)
SELECT same_holder.kept, MIN(member.organisation), MIN(member.name)
FROM organisation_member AS member JOIN same_holder ON same_holder.merged = member.holder
WHERE TRUE GROUP BY same_holder.kept
ON CONFLICT (holder) DO NOTHING;
DELETE FROM organisation_member WHERE holder IN (SELECT merged FROM same_holder);
DELETE FROM holder WHERE id IN (SELECT merged FROM same_holder);
DROP TABLE same_holder;
DROP INDEX holder_by_subject;
CREATE UNIQUE INDEX holder_by_subject ON holder (authority, subject);
