-- A device is one card: of several that were ordered for it, the newest was taken for it.
UPDATE card SET device = NULL, version = version + 1 WHERE state <> 'terminated' AND EXISTS (
    SELECT 1 FROM card AS newer WHERE newer.device = card.device AND newer.state <> 'terminated'
    AND (newer.ordered_at, newer.id) > (card.ordered_at, card.id));
DROP INDEX card_by_device;
CREATE UNIQUE INDEX card_by_device ON card (device) WHERE device IS NOT NULL AND state <> 'terminated';
