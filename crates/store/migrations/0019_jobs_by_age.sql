-- Jobs that may be deleted some day, by when they were last heard of: those that are over, and those that change no card.
CREATE INDEX card_job_by_age ON card_job (updated_at) WHERE open = 0 OR exclusive = 0;
