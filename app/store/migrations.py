"""The tables, from the first day on: numbered scripts, each run once, none ever changed."""

from __future__ import annotations

from typing import Final

OPERATIONS: Final = """
CREATE TABLE operations (
    id             TEXT PRIMARY KEY,            -- op_ and 32 hex digits; the reference in Rivo
    shop           TEXT NOT NULL,
    door           TEXT NOT NULL,
    caller         TEXT NOT NULL,
    action         TEXT NOT NULL,
    shape          TEXT,                        -- flat or full, as the first request asked
    key            TEXT,                        -- the caller's idempotency key; forgotten in time
    fingerprint    BLOB NOT NULL,
    ticket_id      TEXT,
    agent          TEXT NOT NULL,               -- an address as the helpdesk says, or "unknown"
    agent_name     TEXT,
    reason         TEXT,
    inputs         TEXT NOT NULL,               -- JSON, as parsed
    customer       TEXT,                        -- the identifier given, case folded
    customer_id    TEXT,                        -- the Shopify id, where it was looked up
    list           TEXT,                        -- Rivo's list in which it can be found
    subject        TEXT,                        -- what only one open write may concern
    reverses       TEXT,                        -- the operation that this one takes back
    state          TEXT NOT NULL,
    applied        INTEGER,                     -- 1, 0, or NULL where nobody knows
    attempt        INTEGER NOT NULL DEFAULT 0,  -- of sending it
    owner          TEXT,                        -- the replica that holds the lease
    lease_until    REAL NOT NULL DEFAULT 0,
    created_at     REAL NOT NULL,
    sent_at        REAL,
    due_at         REAL,                        -- when the settler looks at it next
    ended_at       REAL,
    looks          INTEGER NOT NULL DEFAULT 0,  -- how often it was read back
    effect         TEXT NOT NULL,               -- grant, deduction, redemption or other
    points         INTEGER NOT NULL DEFAULT 0,  -- reserved, absolute
    credits_milli  INTEGER NOT NULL DEFAULT 0,  -- reserved, absolute, thousandths
    reserved_at    REAL,
    points_diff    INTEGER,                     -- what it did, signed
    credits_diff   TEXT,                        -- what it did, signed decimal
    snapshot       TEXT NOT NULL DEFAULT '{}',
    rivo_id        INTEGER,
    approved_by    TEXT,
    settled_by     TEXT,
    late_at        REAL,                        -- when it showed up after we said "not applied"
    evidence       TEXT NOT NULL DEFAULT '[]',
    reply_status   INTEGER,
    reply_type     TEXT,
    reply_body     BLOB
);
CREATE UNIQUE INDEX operations_key ON operations (shop, caller, key) WHERE key IS NOT NULL;
CREATE INDEX operations_same ON operations (shop, caller, fingerprint, created_at);
CREATE UNIQUE INDEX operations_subject ON operations (shop, subject)
    WHERE subject IS NOT NULL AND state IN ('sending', 'unknown', 'needs_review');
CREATE UNIQUE INDEX operations_reverses ON operations (shop, reverses)
    WHERE reverses IS NOT NULL AND state IN ('sending', 'unknown', 'needs_review', 'succeeded');
CREATE INDEX operations_due ON operations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX operations_leased ON operations (lease_until) WHERE state = 'sending';
CREATE INDEX operations_caller ON operations (shop, caller, reserved_at)
    WHERE reserved_at IS NOT NULL;
CREATE INDEX operations_about ON operations (shop, customer, created_at);
CREATE INDEX operations_about_id ON operations (shop, customer_id, reserved_at);
CREATE INDEX operations_shop ON operations (shop, reserved_at) WHERE reserved_at IS NOT NULL;
CREATE INDEX operations_agent ON operations (shop, agent, created_at);
CREATE INDEX operations_state ON operations (shop, state, created_at);
CREATE INDEX operations_open ON operations (shop, state)
    WHERE state IN ('awaiting_approval', 'sending', 'unknown', 'needs_review');
CREATE INDEX operations_ended ON operations (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX operations_newest ON operations (shop, created_at, id);
CREATE INDEX operations_rows ON operations (shop, list, rivo_id) WHERE rivo_id IS NOT NULL;

CREATE TABLE shown (                            -- lists that have shown a row of ours
    shop           TEXT NOT NULL,
    list           TEXT NOT NULL,
    at             REAL NOT NULL,
    PRIMARY KEY (shop, list)
);
"""

AUDIT: Final = """
CREATE TABLE audit (                            -- see app/operations/audit.py
    shop           TEXT NOT NULL,
    number         INTEGER NOT NULL,            -- 1, 2, 3 ... within the shop
    at             REAL NOT NULL,
    operation_id   TEXT,
    event          TEXT NOT NULL,
    facts          TEXT NOT NULL,               -- canonical JSON, nothing personal in it
    personal       TEXT,                        -- canonical JSON; may be erased
    salt           BLOB,                        -- erased with it
    commitment     BLOB,                        -- SHA-256 of salt and personal; stays
    mac            BLOB NOT NULL,
    PRIMARY KEY (shop, number)
);
CREATE INDEX audit_operation ON audit (shop, operation_id);
"""

NOTES: Final = """
CREATE TABLE notes (                            -- what was told on a ticket; see app/notes
    operation_id   TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    about          TEXT NOT NULL,               -- outcome, wait or late: each is told once
    state          TEXT NOT NULL,               -- sending, waiting, or how it ended
    tries          INTEGER NOT NULL,            -- how often it was begun to send it
    first_at       REAL NOT NULL,               -- when it was first begun
    at             REAL NOT NULL,               -- when it came to its state
    due_at         REAL,                        -- when it is tried again
    PRIMARY KEY (operation_id, about)
);
CREATE INDEX notes_due ON notes (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX operations_late ON operations (late_at) WHERE late_at IS NOT NULL;
"""

DELIVERY: Final = """
CREATE TABLE webhooks (                         -- what came signed; see app/delivery
    shop           TEXT NOT NULL,
    topic          TEXT NOT NULL,
    id             TEXT NOT NULL,               -- as signed, or a digest of what was signed
    entity         TEXT NOT NULL,               -- what it is about, as far as it says
    received_at    REAL NOT NULL,
    PRIMARY KEY (shop, topic, id, entity)
);
CREATE INDEX webhooks_dated ON webhooks (received_at) WHERE topic <> '(undated)';
CREATE INDEX webhooks_undated ON webhooks (received_at) WHERE topic = '(undated)';

CREATE TABLE outbox (                           -- triggers on their way; see app/delivery
    id             TEXT PRIMARY KEY,            -- the webhook-id: one for each event and URL
    event          TEXT NOT NULL,
    shop           TEXT NOT NULL,
    trigger        TEXT NOT NULL,
    url            TEXT NOT NULL,
    body           BLOB NOT NULL,               -- emptied in time
    customer       TEXT,                        -- whom it is about, by id; erased with the body
    email          TEXT,                        -- and by address, case folded; erased with it
    state          TEXT NOT NULL,               -- waiting, sending, delivered or dead
    tries          INTEGER NOT NULL DEFAULT 0,  -- how often it was begun to send it
    created_at     REAL NOT NULL,
    at             REAL NOT NULL,               -- when it came to its state
    due_at         REAL,                        -- when it is sent (again)
    owner          TEXT,                        -- the replica that holds the lease
    lease_until    REAL NOT NULL DEFAULT 0,
    status         INTEGER,                     -- of the last answer, if any
    why            TEXT                         -- why the last try failed
);
CREATE INDEX outbox_due ON outbox (shop, url, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_leased ON outbox (shop, url, lease_until) WHERE state = 'sending';
CREATE INDEX outbox_newest ON outbox (shop, created_at);
CREATE INDEX outbox_state ON outbox (state, shop, created_at);
CREATE INDEX outbox_told ON outbox (at) WHERE state = 'delivered' AND length(body) > 0;
CREATE INDEX outbox_ended ON outbox (at) WHERE state IN ('delivered', 'dead');
CREATE INDEX outbox_about ON outbox (shop, customer) WHERE customer IS NOT NULL;
CREATE INDEX outbox_mailed ON outbox (shop, email) WHERE email IS NOT NULL;
"""

MIGRATIONS: Final[tuple[str, ...]] = (OPERATIONS, AUDIT, NOTES, DELIVERY)
"""In their order; `PRAGMA user_version` counts those that were run."""
