-- 1 f30289196ae28d9657320503f8c18ac6ec37eb033c3c1bb08c9a80d049616f1a39dd254da143aa460dd22b4796740c23
-- 2 b9b39ae8a7d241d5d4f478dc92eb832cc995e165ebf3202fea5ece85bb1d09169c69282e58cb07163394f203e52d74ab
-- 3 58b216f8e014eb7e7b1cec39335755e79aca52241b10dc4dd48c2c19cd2beb3c0441795a9c5bd266ecd05269f84c8fc8
-- 4 c428fe5db2ea91475cc759d3b0ee51aabc81cd59e1bca949058114d73c09c2f1fb0727c48e9fd68c6ac7fd523807f78a
-- 5 7ab827ca024d9dfbdcf64df8c4f3a3c7f7b9242bc8b2ac23763a95da095b9c1ca699d101fc75a96a834c55989573538a
-- 6 509258f1b3dcd9d1cbd33361813d06cede1d555fbf562c87ef4a0236a41e695a6c825e05d52f51a9e65bd242770c37d7
-- 7 2d0f3f01c21abe74f713978e546312b06e940b05e8eecb4d337cb395bb0b30c098de5fdcd96f8cff02f7e8b8d8aa3640
-- 8 27d2e12d141cce5cb6f911c8a1a2c1b254b5b3bf8f58b7bce5984ac03a6c1d3d275baa24fc7ccb596a24c57ef3e3b669
-- 9 9aa49b656c44f778175c57d028ddb9a8df64d220647b520d73e3518983faa7617a336427abec89aa467b281ecac68270
-- 10 8e12134e6bc581dbbb188a654bed1ab92d467bc3909318ddf2b3ee9af683c329f6977163eaf00a8108e6ddca9f0e82f0
-- 11 7d4fbb00c319216febc0389627230fc623c818686eeced1672a693d76224640fbda312744f7abbeb037bf87a7b038847
-- 12 13e1481bfb8ec3f66ac6818249e3fb818e99064bd9cb6b629c6ffe2175b18ed45d803ca95c66424cb7c8f70603fc655b
-- 13 053beebf8d4af2af3eda9482304d20b759efcf2d63178409a436cad9025d1e5220ccbf48977a86ad8ab8d784e86d24b1
-- 14 1e8753c4826214b8a94f088d726e640876b2aee3aa15bef1850e9fd05fe79fdff777e85350dfb48067657d3aa02c62c3
-- 15 f6053e5cee739ad96a7cb8b5cd9a9b283de4429a81696bdc26d92cf78a055227ee1941a269d0511664744efb8fb3c397
-- 16 079a747414943ec3129d9e449cc4153f157d7e1e2a09b1ffb47adc222cb367bf0d973b4f4edb8e7890c258304c9880bd
-- 17 b7e960c9ba890f8749d1ec14d0bf57c4e2a69fbbd603ec086607954b2a1ffd09f01260a356b4321c782a7582087616fc
-- 18 f48e2d76b7a073ce7246db7da69eda71c4a7fd0a563aeeb45a71222ce05af8c9f3879e48117b969da59cd5534c06d305
-- 19 6651549c7a5d7c231d5ba1c1d5420ecbeffc3fd5857dcb31eb4a1e89163b94c59b6f178ca89f09e5b822e7f40d18f4b6
-- 20 c5aa5106d93717c0b39959294d944de326ff45ca45c7694fed988acb2edca8fb9055e952f0f44db7b29f95c854213f64
SELECT hash, fails, fails_without_card, set_at FROM user_code WHERE card = $1;
INSERT INTO user_code (card, hash, fails, set_at) VALUES ($1, $2, 0, $3) ON CONFLICT (card) DO UPDATE SET hash = excluded.hash, fails = 0, fails_without_card = 0, set_at = excluded.set_at;
UPDATE user_code SET fails = fails + 1 WHERE card = $1 AND fails < $2 RETURNING hash, fails, fails_without_card, set_at;
UPDATE user_code SET fails = 0 WHERE card = $1 AND hash = $2;
UPDATE user_code SET fails_without_card = fails_without_card + 1 WHERE card = $1 AND fails_without_card < $2 RETURNING hash, fails, fails_without_card, set_at;
UPDATE user_code SET fails_without_card = 0 WHERE card = $1 AND hash = $2;
SELECT token_sha256, purpose, subject, payload, code_sha256, code_tries_left, asked_at, expires_at, used_at FROM confirmation WHERE token_sha256 = $1;
SELECT token_sha256, purpose, subject, payload, code_sha256, code_tries_left, asked_at, expires_at, used_at FROM confirmation WHERE subject = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY asked_at DESC, token_sha256 LIMIT 1;
SELECT COUNT(*) AS asked FROM confirmation WHERE subject = $1 AND purpose = $2 AND asked_at > $3;
INSERT INTO confirmation (token_sha256, purpose, subject, payload, code_sha256, code_tries_left, asked_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
UPDATE confirmation SET used_at = $3 WHERE token_sha256 = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3;
UPDATE confirmation SET code_tries_left = code_tries_left - 1 WHERE token_sha256 = $1 AND used_at IS NULL AND expires_at > $2 AND code_tries_left > 0;
UPDATE confirmation SET used_at = $2 WHERE subject = $1 AND used_at IS NULL AND expires_at > $2;
UPDATE confirmation SET used_at = $2 WHERE subject = $1 AND purpose = $3 AND used_at IS NULL AND expires_at > $2;
DELETE FROM confirmation WHERE expires_at < $1;
INSERT INTO captcha (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;
DELETE FROM captcha WHERE expires_at < $1;
SELECT token_sha256, subject, authority, job, begun_at, expires_at, ended_at FROM session WHERE token_sha256 = $1;
INSERT INTO session (token_sha256, subject, authority, job, begun_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7);
UPDATE session SET ended_at = $2 WHERE token_sha256 = $1 AND ended_at IS NULL;
DELETE FROM session WHERE expires_at < $1;
SELECT id, name, token_sha256, enrolled_at, withdrawn_at FROM station WHERE id = $1;
INSERT INTO station (id, name, token_sha256, enrolled_at, withdrawn_at) VALUES ($1, $2, $3, $4, $5);
SELECT sequence, at, actor, action, payload, hash FROM audit_event WHERE sequence > $1 ORDER BY sequence LIMIT $2;
SELECT sequence, hash FROM audit_head WHERE one = 1;
UPDATE audit_head SET sequence = sequence + $1 WHERE one = 1 RETURNING sequence, hash;
UPDATE audit_head SET hash = $1 WHERE one = 1;
INSERT INTO audit_event (sequence, at, actor, action, payload, hash) VALUES (?, ?, ?, ?, ?, ?);
SELECT id, owner, ordinal, is_root, issuer, certificate, key_identifier, responder_certificate, base_url, founded_at, shards, revision FROM generation ORDER BY founded_at, id;
INSERT INTO generation (id, owner, ordinal, is_root, issuer, certificate, key_identifier, responder_certificate, base_url, founded_at, shards, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);
SELECT 1 FROM card WHERE authority = $1 LIMIT 1;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE id = $1;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE number = $1;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE device = $1 AND state <> 'terminated';
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE state = 'ordered' AND device IS NULL ORDER BY ordered_at, id LIMIT 1;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE state = 'ordered' AND device IS NULL AND authority = $1 ORDER BY ordered_at, id LIMIT 1;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE authority = $1 ORDER BY ordered_at, id;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE holder = $1 ORDER BY ordered_at, id LIMIT 100;
SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, proved_email, version FROM card WHERE authority = $1 AND state = 'dispatched' AND dispatched_at < $2 AND (dispatched_at, id) > ($3, $4) ORDER BY dispatched_at, id LIMIT $5;
INSERT INTO card (id, number, authority, holder, rank, device, guid, ordered_at, state, dispatched_at, state_at, termination_reason, version, proved_email, email) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);
UPDATE card SET rank = $3, device = $4, guid = $5, ordered_at = $6, state = $7, dispatched_at = $8, state_at = $9, termination_reason = $10, proved_email = $11, email = $12, version = version + 1 WHERE id = $1 AND version = $2;
UPDATE card SET version = version WHERE id = $1;
SELECT version, state, unanswered, exposed, ciphertext FROM puk WHERE card = $1 ORDER BY version;
INSERT INTO puk (card, version, state, unanswered, exposed, ciphertext) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (card, version) DO UPDATE SET state = excluded.state, unanswered = excluded.unanswered, exposed = excluded.exposed WHERE puk.ciphertext = excluded.ciphertext;
SELECT job, card, cms, at FROM receipt WHERE card = $1 ORDER BY at, job;
INSERT INTO receipt (job, card, cms, at) VALUES ($1, $2, $3, $4);
SELECT id, authority, generation, holder, card, role, serial, shard, certificate, sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, revocation_reason, revoked_at, version FROM certificate WHERE id = $1;
SELECT id, authority, generation, holder, card, role, serial, shard, certificate, sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, revocation_reason, revoked_at, version FROM certificate WHERE generation = $1 AND serial = $2;
SELECT id, authority, generation, holder, card, role, serial, shard, certificate, sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, revocation_reason, revoked_at, version FROM certificate WHERE card = $1 ORDER BY issued_at, id;
SELECT state, holds, revocation_reason, revoked_at FROM certificate WHERE id = $1 AND version = $2;
UPDATE certificate SET placement = $3, read_back_at = $4, state = $5, holds = $6, revocation_reason = $7, revoked_at = $8, listed_at = $9, listed_for = $10, revision = COALESCE($11, revision), version = version + 1 WHERE id = $1 AND version = $2;
UPDATE generation SET revision = revision + 1 WHERE id = $1 RETURNING revision;
SELECT certificate, generation, serial, job, role, key_fingerprint, state, to_be_signed, at FROM issuance WHERE state = 'recorded' AND at < $1 ORDER BY at, certificate;
SELECT at FROM unpublished WHERE card = $1;
DELETE FROM unpublished WHERE card = $1;
INSERT INTO unpublished (card, at) VALUES ($1, $2) ON CONFLICT (card) DO NOTHING;
INSERT INTO certificate (id, authority, generation, holder, card, role, serial, shard, certificate, sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, state, holds, revocation_reason, revoked_at, listed_at, listed_for, revision, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO issuance (certificate, generation, serial, job, role, key_fingerprint, state, to_be_signed, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
UPDATE issuance SET state = 'issued', to_be_signed = NULL WHERE state = 'recorded' AND certificate IN (?);
UPDATE issuance SET state = 'void' WHERE state = 'recorded' AND certificate IN (?);
SELECT certificate, generation, serial, job, role, key_fingerprint, state, to_be_signed, at FROM issuance WHERE state <> 'void' AND job IN (?);
SELECT key_fingerprint, holder, card, role FROM certificate WHERE key_fingerprint IN (?);
SELECT id, authority, subject, organisation, registered_at FROM holder WHERE id = $1;
SELECT id, authority, subject, organisation, registered_at FROM holder WHERE authority = $1 AND subject = $2;
INSERT INTO holder (id, authority, subject, organisation, registered_at) VALUES ($1, $2, $3, $4, $5);
UPDATE holder SET organisation = $2 WHERE id = $1;
SELECT email, name, telephone FROM contact WHERE card = $1;
INSERT INTO contact (card, email, name, telephone, set_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (card) DO UPDATE SET email = excluded.email, name = excluded.name, telephone = excluded.telephone, set_at = excluded.set_at;
SELECT id, authority, subject, organisation, registered_at FROM holder WHERE authority = $1 AND id > $2 ORDER BY id LIMIT $3;
SELECT named_by FROM organisation_rule WHERE authority = $1;
INSERT INTO organisation_rule (authority, named_by) VALUES ($1, $2) ON CONFLICT (authority) DO UPDATE SET named_by = excluded.named_by;
INSERT INTO organisation_member (holder, organisation, name) VALUES ($1, $2, $3) ON CONFLICT (holder) DO UPDATE SET organisation = excluded.organisation, name = excluded.name;
DELETE FROM organisation_member WHERE holder = $1;
DELETE FROM organisation_certificate WHERE certificate IN (SELECT certificate.id FROM card JOIN certificate ON certificate.card = card.id WHERE card.holder = $1);
SELECT id, card, station, open, token_sha256, state, sequence, nonce, steps, expectation, ended, origin, started_at, updated_at, worker, version FROM card_job WHERE id = $1;
SELECT id, card, station, open, token_sha256, state, sequence, nonce, steps, expectation, ended, origin, started_at, updated_at, worker, version FROM card_job WHERE card = $1 AND open = 1 AND exclusive = 1;
INSERT INTO card_job (id, kind, card, station, open, exclusive, token_sha256, state, sequence, nonce, steps, expectation, ended, origin, started_at, updated_at, version, worker) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);
UPDATE card_job SET open = $3, state = $4, sequence = $5, nonce = $6, steps = $7, expectation = $8, ended = $9, updated_at = $10, worker = $11, version = version + 1 WHERE id = $1 AND version = $2;
SELECT ticket_sha256, outcome_sha256, kind, details, authority, expires_at, job, browser_sha256 FROM ticket WHERE outcome_sha256 = $1;
INSERT INTO ticket (ticket_sha256, outcome_sha256, kind, authority, expires_at, job, details, browser_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
UPDATE ticket SET job = $5 WHERE ticket_sha256 = $1 AND kind = $2 AND authority = $3 AND expires_at > $4 AND job IS NULL RETURNING details;
DELETE FROM ticket WHERE expires_at < $1;
DELETE FROM card_job WHERE updated_at < $1 AND id IN (SELECT id FROM card_job WHERE updated_at < $1 AND (open = 0 OR exclusive = 0) ORDER BY updated_at LIMIT $2);
UPDATE card_job SET version = version WHERE id IN (?) RETURNING id, ended;
INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE lease.owner = excluded.owner OR lease.until <= $4;
DELETE FROM lease WHERE name = $1 AND owner = $2;
SELECT listed.certificate, listed.holder_name, listed.number, listed.not_after, certificate.role, certificate.serial, certificate.not_before, certificate.placement, certificate.state, certificate.holds, certificate.revocation_reason, certificate.revoked_at FROM organisation_certificate AS listed CROSS JOIN certificate WHERE certificate.id = listed.certificate AND listed.organisation = $1 AND listed.not_after >= $2 AND listed.not_after <= $3 AND ($4 = '' OR $4 = 'unrevoked' AND certificate.state <> 'revoked' OR $4 = CASE WHEN certificate.state = 'revoked' THEN 'revoked' WHEN listed.not_after < $5 THEN 'expired' WHEN certificate.state = 'held' AND certificate.holds <> '[]' THEN 'suspended' ELSE certificate.state END) AND (listed.holder_name, listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9, $10) ORDER BY listed.holder_name, listed.number, listed.role_rank, listed.certificate LIMIT $6;
SELECT listed.certificate, listed.holder_name, listed.number, listed.not_after, certificate.role, certificate.serial, certificate.not_before, certificate.placement, certificate.state, certificate.holds, certificate.revocation_reason, certificate.revoked_at FROM organisation_certificate AS listed CROSS JOIN certificate WHERE certificate.id = listed.certificate AND listed.organisation = $1 AND listed.not_after >= $2 AND listed.not_after <= $3 AND ($4 = '' OR $4 = 'unrevoked' AND certificate.state <> 'revoked' OR $4 = CASE WHEN certificate.state = 'revoked' THEN 'revoked' WHEN listed.not_after < $5 THEN 'expired' WHEN certificate.state = 'held' AND certificate.holds <> '[]' THEN 'suspended' ELSE certificate.state END) AND (listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9) ORDER BY listed.number, listed.role_rank, listed.certificate LIMIT $6;
SELECT listed.certificate, listed.holder_name, listed.number, listed.not_after, certificate.role, certificate.serial, certificate.not_before, certificate.placement, certificate.state, certificate.holds, certificate.revocation_reason, certificate.revoked_at FROM organisation_certificate AS listed CROSS JOIN certificate WHERE certificate.id = listed.certificate AND listed.organisation = $1 AND listed.not_after >= $2 AND listed.not_after <= $3 AND ($4 = '' OR $4 = 'unrevoked' AND certificate.state <> 'revoked' OR $4 = CASE WHEN certificate.state = 'revoked' THEN 'revoked' WHEN listed.not_after < $5 THEN 'expired' WHEN certificate.state = 'held' AND certificate.holds <> '[]' THEN 'suspended' ELSE certificate.state END) AND (listed.not_after, listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9, $10) ORDER BY listed.not_after, listed.number, listed.role_rank, listed.certificate LIMIT $6;
SELECT listed.certificate, listed.holder_name, listed.number, listed.not_after, certificate.role, certificate.serial, certificate.not_before, certificate.placement, certificate.state, certificate.holds, certificate.revocation_reason, certificate.revoked_at FROM organisation_certificate AS listed CROSS JOIN certificate WHERE certificate.id = listed.certificate AND listed.organisation = $1 AND listed.not_after >= $2 AND listed.not_after <= $3 AND ($4 = '' OR $4 = 'unrevoked' AND certificate.state <> 'revoked' OR $4 = CASE WHEN certificate.state = 'revoked' THEN 'revoked' WHEN listed.not_after < $5 THEN 'expired' WHEN certificate.state = 'held' AND certificate.holds <> '[]' THEN 'suspended' ELSE certificate.state END) AND (listed.not_after, listed.number, listed.role_rank, listed.certificate) < ($7, $8, $9, $10) ORDER BY listed.not_after DESC, listed.number DESC, listed.role_rank DESC, listed.certificate DESC LIMIT $6;
INSERT INTO organisation_certificate (certificate, organisation, holder_name, number, not_after, role_rank) SELECT certificate.id, member.organisation, member.name, card.number, certificate.not_after, CASE certificate.role WHEN 'signature' THEN 1 WHEN 'encryption' THEN 2 ELSE 3 END FROM organisation_member AS member JOIN card ON card.holder = member.holder JOIN certificate ON certificate.card = card.id WHERE certificate.role <> 'card_authentication' AND member.holder = $1 ON CONFLICT (certificate) DO NOTHING;
INSERT INTO organisation_certificate (certificate, organisation, holder_name, number, not_after, role_rank) SELECT certificate.id, member.organisation, member.name, card.number, certificate.not_after, CASE certificate.role WHEN 'signature' THEN 1 WHEN 'encryption' THEN 2 ELSE 3 END FROM organisation_member AS member JOIN card ON card.holder = member.holder JOIN certificate ON certificate.card = card.id WHERE certificate.role <> 'card_authentication' AND certificate.id IN (?) ON CONFLICT (certificate) DO NOTHING;
SELECT id, authority, recipient, letter, sealed, state, attempts, queued_at, due_at, useless_at, failure FROM mail WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at, id LIMIT $2;
SELECT id, authority, recipient, letter, sealed, state, attempts, queued_at, due_at, useless_at, failure FROM mail WHERE state <> 'sent' ORDER BY queued_at, id LIMIT $1;
SELECT id, authority, recipient, letter, sealed, state, attempts, queued_at, due_at, useless_at, failure FROM mail ORDER BY queued_at, id LIMIT $1;
SELECT state, COUNT(*) AS mails FROM mail WHERE state <> 'sent' GROUP BY state;
INSERT INTO mail (id, authority, recipient, letter, sealed, state, attempts, queued_at, due_at, useless_at, failure) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
UPDATE mail SET due_at = $4, trying_until = $4, attempts = attempts + 1 WHERE id = $1 AND due_at = $2 AND attempts = $3 AND state = 'waiting';
UPDATE mail SET state = $3, due_at = $4, failure = $5, sealed = $6, trying_until = NULL WHERE id = $1 AND attempts = $2 AND state = 'waiting';
UPDATE mail SET state = 'waiting', due_at = $1 WHERE state <> 'sent' AND (useless_at IS NULL OR useless_at > $1) AND (trying_until IS NULL OR trying_until <= $1);
UPDATE mail SET state = 'waiting', due_at = $1 WHERE id = $2 AND state <> 'sent' AND (useless_at IS NULL OR useless_at > $1) AND (trying_until IS NULL OR trying_until <= $1);
DELETE FROM mail WHERE state = 'sent' AND due_at < $1;
DELETE FROM mail WHERE state <> 'sent' AND state = 'given_up' AND due_at < $1;
SELECT id, card, ordered_at, state, state_at, version FROM card_order WHERE card = $1;
INSERT INTO card_order (id, card, ordered_at, state, state_at, version) VALUES ($1, $2, $3, $4, $5, $6);
UPDATE card_order SET state = $3, state_at = $4, version = version + 1 WHERE id = $1 AND version = $2;
SELECT id, card, device, guid, began_at, changed_by, ended, ended_at FROM making WHERE card = $1 AND ended IS NULL;
SELECT id, card, device, guid, began_at, changed_by, ended, ended_at FROM making WHERE card = $1 ORDER BY began_at, id;
INSERT INTO making (id, card, device, guid, began_at, changed_by, ended, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
UPDATE making SET guid = $2, changed_by = $3, ended = $4, ended_at = $5 WHERE id = $1 AND ended IS NULL;
SELECT oldest_program FROM schema WHERE one = 1;
SELECT state, holds, revocation_reason, revoked_at, issued_at, generation.revision AS read_at FROM certificate JOIN generation ON generation.id = certificate.generation WHERE certificate.generation = $1 AND serial = $2;
SELECT revision FROM generation WHERE id = $1;
SELECT revision FROM certificate WHERE generation = $1 AND shard = $2 ORDER BY revision DESC LIMIT 1;
SELECT serial FROM certificate WHERE generation = $1 AND shard = $2 AND revision > $3 LIMIT $4;
SELECT shards FROM generation WHERE id = $1;
SELECT MAX(serial) AS last, STRING_AGG(serial || ' ' || CAST(listed_at AS TEXT) || ' ' || CAST(listed_for AS TEXT), ' ') AS entries FROM (SELECT serial, listed_at, listed_for FROM certificate WHERE generation = $1 AND shard = $2 AND serial > $3 AND not_after >= $4 AND listed_for IS NOT NULL ORDER BY serial LIMIT $5) AS page;
SELECT number, revision, this_update, next_update FROM crl WHERE generation = $1 AND shard = $2 ORDER BY number DESC LIMIT 1;
SELECT der FROM crl_part WHERE generation = $1 AND shard = $2 AND number = $3 AND part = $4;
UPDATE generation SET revision = revision WHERE id = $1;
INSERT INTO crl (generation, shard, number, revision, this_update, next_update) SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM crl WHERE generation = $1 AND shard = $2 AND (number >= $3 OR revision > $4));
INSERT INTO crl_part (generation, shard, number, part, der) VALUES ($1, $2, $3, $4, $5);
DELETE FROM crl WHERE generation = $1 AND shard = $2 AND number < $3;
