-- What was ordered, and each attempt at making it: with which device, and how it ended. The card's number stays with the
-- order, whichever device becomes the card.
CREATE TABLE card_order (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    card TEXT NOT NULL UNIQUE REFERENCES card (id),
    ordered_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    state_at BIGINT,
    version BIGINT NOT NULL
);
CREATE TABLE making (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    card TEXT NOT NULL REFERENCES card (id),
    device BIGINT,
    guid TEXT,
    began_at BIGINT NOT NULL,
    -- The job that has sent the device what may have changed it.
    changed_by TEXT,
    ended TEXT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX making_under_way ON making (card) WHERE ended IS NULL;
CREATE INDEX making_of_card ON making (card, began_at, id);

-- Orders and makings of before have their card's id. When a device was put to it is not known, nor by which job it was
-- changed, if it was.
INSERT INTO card_order (id, card, ordered_at, state, state_at, version)
SELECT id, id, ordered_at, CASE state WHEN 'ordered' THEN 'open' ELSE 'made' END,
    CASE state WHEN 'ordered' THEN NULL ELSE COALESCE(dispatched_at, state_at, ordered_at) END, 1
FROM card;
INSERT INTO making (id, card, device, guid, began_at, changed_by, ended, ended_at)
SELECT id, id, device, guid, ordered_at, id, CASE state WHEN 'ordered' THEN NULL ELSE 'made' END,
    CASE state WHEN 'ordered' THEN NULL ELSE COALESCE(dispatched_at, state_at, ordered_at) END
FROM card WHERE device IS NOT NULL OR state <> 'ordered';
