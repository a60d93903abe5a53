-- The oldest program that may run on this schema. Whichever migration takes away what an older one needs says so here.
CREATE TABLE schema (
    one BIGINT PRIMARY KEY NOT NULL CHECK (one = 1),
    oldest_program TEXT NOT NULL
);
INSERT INTO schema (one, oldest_program) VALUES (1, '0.2.0');
