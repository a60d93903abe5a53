-- All cards of a person, whatever order each came from.
CREATE INDEX holder_by_subject ON holder (authority, subject);
