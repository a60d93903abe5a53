-- Which server works on the report of which batch, as JSON.
ALTER TABLE card_job ADD COLUMN worker TEXT;
