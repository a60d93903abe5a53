-- What was found out about the device of an attempt: what it can do, and how it was tested (JSON).
ALTER TABLE making ADD COLUMN found TEXT;
