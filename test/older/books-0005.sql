CREATE TABLE accounts (
    id text NOT NULL,
    person_id text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    password_hash text,
    vendor boolean DEFAULT false NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE attempts (
    key text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE audit (
    id bigint NOT NULL,
    at bigint NOT NULL,
    account_id text,
    property_id text,
    door_id text,
    person_id text,
    action text NOT NULL,
    decision text NOT NULL,
    detail text
);
ALTER TABLE audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE changes (
    id bigint NOT NULL,
    at bigint NOT NULL,
    property_id text NOT NULL,
    door_id text,
    person_id text,
    kind text NOT NULL,
    detail text
);
ALTER TABLE changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE codes (
    id text NOT NULL,
    door_id text NOT NULL,
    person_id text NOT NULL,
    mark text NOT NULL,
    length bigint NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    wire_id bigint,
    added bigint,
    removed bigint,
    revoked boolean NOT NULL,
    released boolean NOT NULL,
    class text DEFAULT 'code'::text NOT NULL,
    terms bytea,
    terms_from bigint,
    CONSTRAINT codes_check CHECK ((removed > added)),
    CONSTRAINT codes_check1 CHECK ((revoked OR (NOT released))),
    CONSTRAINT codes_class_check CHECK ((class = ANY (ARRAY['code'::text, 'keycard'::text, 'app'::text, 'dailyCode'::text]))),
    CONSTRAINT codes_length_check CHECK ((length = ANY (ARRAY[(0)::bigint, (4)::bigint, (6)::bigint])))
);
CREATE TABLE commissions (
    door_id text NOT NULL,
    epoch bigint NOT NULL,
    lock_id bytea NOT NULL,
    tag bytea NOT NULL,
    setup_tag bytea NOT NULL,
    sealed_setup bytea NOT NULL,
    sealed_ephemeral bytea NOT NULL,
    issued_at bigint NOT NULL
);
CREATE TABLE daily_codes (
    id bigint NOT NULL,
    door_id text NOT NULL,
    account_id text NOT NULL,
    day bigint NOT NULL,
    at bigint NOT NULL,
    recipient text NOT NULL
);
ALTER TABLE daily_codes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME daily_codes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE doors (
    id text NOT NULL,
    property_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    kind text NOT NULL,
    epoch bigint,
    unit_id text,
    link text DEFAULT 'offline'::text NOT NULL,
    CONSTRAINT doors_kind_check CHECK ((kind = ANY (ARRAY['residence'::text, 'buildingEntrance'::text, 'communal'::text, 'service'::text]))),
    CONSTRAINT doors_link_check CHECK ((link = ANY (ARRAY['offline'::text, 'connected'::text, 'both'::text])))
);
CREATE TABLE events (
    lock_id bytea NOT NULL,
    seq bigint NOT NULL,
    bytes bytea NOT NULL,
    received_at bigint NOT NULL,
    CONSTRAINT events_bytes_check CHECK ((length(bytes) = 24)),
    CONSTRAINT events_seq_check CHECK ((seq > 0))
);
CREATE TABLE handed (
    door_id text NOT NULL,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    phone_id text NOT NULL,
    account_id text,
    at bigint NOT NULL
);
CREATE TABLE idempotency (
    account_id text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    status bigint NOT NULL,
    body text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE installation (
    id bigint NOT NULL,
    fingerprint bytea NOT NULL,
    created_at bigint NOT NULL,
    online bytea,
    CONSTRAINT installation_id_check CHECK ((id = 1))
);
CREATE TABLE issued (
    door_id text NOT NULL,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    issued_at bigint NOT NULL,
    life_hours bigint NOT NULL,
    state bytea NOT NULL,
    handed_out boolean NOT NULL,
    CONSTRAINT issued_version_check CHECK (((version >= 0) AND (version <= '4294967295'::bigint)))
);
CREATE TABLE items (
    door_id text NOT NULL,
    epoch bigint NOT NULL,
    item_id bigint NOT NULL,
    from_version bigint NOT NULL,
    until_version bigint,
    bytes bytea NOT NULL,
    CONSTRAINT items_bytes_check CHECK ((length(bytes) = 29)),
    CONSTRAINT items_check CHECK ((until_version > from_version))
);
CREATE TABLE locks (
    door_id text NOT NULL,
    epoch bigint NOT NULL,
    lock_id bytea NOT NULL,
    tag bytea NOT NULL,
    sign_key bytea NOT NULL,
    dh_key bytea NOT NULL,
    sealed_keys bytea NOT NULL,
    last_wire_id bigint NOT NULL,
    proven bigint NOT NULL,
    contradicted bigint,
    snapshot_wanted boolean NOT NULL,
    sync_lock_seconds bigint,
    sync_received_at bigint,
    epoch_from bigint DEFAULT 0 NOT NULL,
    rotation bytea
);
CREATE TABLE logs (
    lock_id bytea NOT NULL,
    door_id text NOT NULL,
    seq bigint NOT NULL,
    head bytea NOT NULL,
    newest bigint NOT NULL,
    broken boolean NOT NULL
);
CREATE TABLE mechanical_keys (
    id text NOT NULL,
    door_id text NOT NULL,
    person_id text NOT NULL,
    label text NOT NULL,
    given_at bigint NOT NULL,
    returned_at bigint
);
CREATE TABLE messages (
    id bigint NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    sealed bytea NOT NULL,
    tries bigint DEFAULT 0 NOT NULL,
    next_at bigint,
    state text NOT NULL,
    why text,
    CONSTRAINT messages_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'message'::text]))),
    CONSTRAINT messages_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text])))
);
ALTER TABLE messages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE migrations (
    name text NOT NULL
);
CREATE TABLE password_resets (
    token_hash bytea NOT NULL,
    account_id text NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE people (
    id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    property_id text,
    host_id text,
    guest_kind text,
    CONSTRAINT people_guest_kind_check CHECK ((guest_kind = ANY (ARRAY['permanent'::text, 'temporary'::text, 'recurring'::text, 'delivery'::text])))
);
CREATE TABLE properties (
    id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    six_digits boolean NOT NULL,
    lease_hours bigint NOT NULL,
    house bytea,
    policy text,
    CONSTRAINT properties_lease_hours_check CHECK (((lease_hours >= 0) AND (lease_hours <= 65535)))
);
CREATE TABLE receipts (
    door_id text NOT NULL,
    epoch bigint NOT NULL,
    digest bytea NOT NULL,
    version bigint NOT NULL,
    outcome text NOT NULL,
    body bytea NOT NULL,
    received_at bigint NOT NULL
);
CREATE TABLE sessions (
    token_hash bytea NOT NULL,
    account_id text NOT NULL,
    phone_id text NOT NULL,
    client_class text NOT NULL,
    client_name text NOT NULL,
    client_version text NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT sessions_client_class_check CHECK ((client_class = ANY (ARRAY['mobile'::text, 'desktop'::text])))
);
CREATE TABLE standings (
    person_id text NOT NULL,
    property_id text NOT NULL,
    unit_id text DEFAULT ''::text NOT NULL,
    role text NOT NULL,
    since bigint NOT NULL,
    suspended_at bigint,
    suspended_reason text,
    CONSTRAINT standings_role_check CHECK ((role = ANY (ARRAY['resident'::text, 'guest'::text, 'host'::text, 'manager'::text])))
);
CREATE TABLE units (
    id text NOT NULL,
    property_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL
);
CREATE TABLE visits (
    id bigint NOT NULL,
    door_id text NOT NULL,
    phone_id text NOT NULL,
    account_id text,
    at bigint NOT NULL,
    outcome text NOT NULL,
    version bigint,
    conditions text
);
ALTER TABLE visits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME visits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO accounts VALUES ('80e44302b59e316a3beb1a8c', 'dd3a0538ac9f8b161662d74c', 'manager@example.org', 'manager@example.org', '$argon2id$v=19$m=19456,t=2,p=1$pkuo3a3zTwhc4FqF9MsyGw$+KU7SBlnOohXeW9DpHpin492uH8rIzDBgHeoKcfph2o', false, 1790000000);
INSERT INTO accounts VALUES ('94d3fd3655d9d3575390a01a', 'aaf2ce32df6b5db60594a07d', 'rita.resident@example.org', 'rita.resident@example.org', '$argon2id$v=19$m=19456,t=2,p=1$hQwL/j+BSvgauVtWuN4T5g$4vwBlWsWvVwlaA7Z7iDGTsd5JCyZgXk0jm+3JDD4JQE', false, 1790000000);
INSERT INTO accounts VALUES ('be78a824755c201f25073c50', 'f524f8c0a842bf6bf35cef1c', 'omar.owner@example.org', 'omar.owner@example.org', '$argon2id$v=19$m=19456,t=2,p=1$0d3QqLu2G4qBO1NT4i+mqA$3cBhRty7nLZkXkyW6dLuQB4Yn3uWlBXM0IM1pTp08oA', false, 1790000000);
INSERT INTO accounts VALUES ('946b79d7f44948149d8fa50d', '6238cb68a427da71c61fef82', 'nina.new@example.org', 'nina.new@example.org', '$argon2id$v=19$m=19456,t=2,p=1$0efWOq5tTU0MS5Ms+NInUQ$8O9c2TCx0EjMYhyc/AnlrwV36kngTFgvOhA89xbfHug', false, 1790000000);
INSERT INTO accounts VALUES ('de6e0f15504ac1b70d73625a', '970a260890c62b8bdc1803bb', 'sam.stolen@example.org', 'sam.stolen@example.org', '$argon2id$v=19$m=19456,t=2,p=1$NKNTskkrOJPdLUYNXbPseg$ZB/q7O4kKylVdLxTe3LD00nc4ug3bRhqjPOiOh/y7TI', false, 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO attempts VALUES ('dailyCode/94d3fd3655d9d3575390a01a', 1790000000);
INSERT INTO attempts VALUES ('logInFrom/127.0.0.1', 1790000000);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (1, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (2, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addUnit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (3, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addUnit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (4, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'setPolicy', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (5, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addDoor', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (6, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'commissionDoor', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (7, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (8, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (9, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (10, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (11, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (12, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addDoor', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (13, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'commissionDoor', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (14, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (15, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (16, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (17, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (18, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (19, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addDoor', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (20, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'commissionDoor', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (21, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (22, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (23, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (24, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (25, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (26, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addPerson', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (27, 1790000000, NULL, NULL, NULL, NULL, 'resetPassword', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (28, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addPerson', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (29, 1790000000, NULL, NULL, NULL, NULL, 'resetPassword', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (30, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addPerson', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (31, 1790000000, NULL, NULL, NULL, NULL, 'resetPassword', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (32, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'setPolicy', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (33, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, NULL, 'addPerson', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (34, 1790000000, NULL, NULL, NULL, NULL, 'resetPassword', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (35, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (36, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, 'aaf2ce32df6b5db60594a07d', 'grantAccess', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (37, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, 'f524f8c0a842bf6bf35cef1c', 'grantAccess', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (38, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, '970a260890c62b8bdc1803bb', 'grantAccess', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (39, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'assignKeycard', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (40, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'noteKey', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (41, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (42, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (43, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'reportVisit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (44, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (45, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (46, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'reportVisit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (47, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (48, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (49, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'reportVisit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (50, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (51, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (52, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (53, 1790000000, '94d3fd3655d9d3575390a01a', '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'inviteGuest', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (54, 1790000000, '94d3fd3655d9d3575390a01a', '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'dailyCode', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (55, 1790000000, '94d3fd3655d9d3575390a01a', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (56, 1790000000, '94d3fd3655d9d3575390a01a', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (57, 1790000000, '94d3fd3655d9d3575390a01a', NULL, NULL, NULL, 'reportVisit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (58, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (59, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (60, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'deliverSlips', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (61, 1790000000, '80e44302b59e316a3beb1a8c', NULL, NULL, NULL, 'reportVisit', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (62, 1790000000, '94d3fd3655d9d3575390a01a', '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'resetCode', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (63, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, 'f524f8c0a842bf6bf35cef1c', 'revokeAll', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (64, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, '970a260890c62b8bdc1803bb', 'suspend', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (65, 1790000000, '80e44302b59e316a3beb1a8c', '3ba81640736fda23f77b7701', NULL, '6238cb68a427da71c61fef82', 'grantAccess', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (66, 1790000000, NULL, NULL, NULL, NULL, 'logIn', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (67, 1790000000, '946b79d7f44948149d8fa50d', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (68, 1790000000, '946b79d7f44948149d8fa50d', NULL, NULL, NULL, 'fetchParcels', 'granted', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (1, 1790000000, '3ba81640736fda23f77b7701', NULL, NULL, 'unit.added', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (2, 1790000000, '3ba81640736fda23f77b7701', NULL, NULL, 'unit.added', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (3, 1790000000, '3ba81640736fda23f77b7701', NULL, NULL, 'policy.set', 'zone');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (4, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'door.added', 'residence');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (5, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.offered', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (6, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.commissioned', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (7, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', '5457b1c91d98f951481aa2a5', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (8, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (9, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (10, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'door.added', 'buildingEntrance');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (11, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'lock.offered', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (12, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'lock.commissioned', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (13, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', '5457b1c91d98f951481aa2a5', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (14, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (15, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (16, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'door.added', 'communal');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (17, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'lock.offered', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (18, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'lock.commissioned', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (19, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', '5457b1c91d98f951481aa2a5', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (20, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (21, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (22, 1790000000, '3ba81640736fda23f77b7701', NULL, 'aaf2ce32df6b5db60594a07d', 'person.added', 'resident');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (23, 1790000000, '3ba81640736fda23f77b7701', NULL, 'f524f8c0a842bf6bf35cef1c', 'person.added', 'resident');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (24, 1790000000, '3ba81640736fda23f77b7701', NULL, '6238cb68a427da71c61fef82', 'person.added', 'resident');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (25, 1790000000, '3ba81640736fda23f77b7701', NULL, NULL, 'policy.set', 'customCodes');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (26, 1790000000, '3ba81640736fda23f77b7701', NULL, '970a260890c62b8bdc1803bb', 'person.added', 'resident');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (27, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', 'aaf2ce32df6b5db60594a07d', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (28, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (29, 1790000000, '3ba81640736fda23f77b7701', NULL, 'aaf2ce32df6b5db60594a07d', 'person.granted', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (30, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', 'f524f8c0a842bf6bf35cef1c', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (31, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', 'f524f8c0a842bf6bf35cef1c', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (32, 1790000000, '3ba81640736fda23f77b7701', NULL, 'f524f8c0a842bf6bf35cef1c', 'person.granted', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (33, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', '970a260890c62b8bdc1803bb', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (34, 1790000000, '3ba81640736fda23f77b7701', NULL, '970a260890c62b8bdc1803bb', 'person.granted', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (35, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'code.unset', 'keycard');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (36, 1790000000, '3ba81640736fda23f77b7701', NULL, 'aaf2ce32df6b5db60594a07d', 'keycard.assigned', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (37, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'key.given', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (38, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (39, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (40, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (41, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (42, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'door.visited', 'synced');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (43, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (44, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', '970a260890c62b8bdc1803bb', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (45, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', 'aaf2ce32df6b5db60594a07d', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (46, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', 'f524f8c0a842bf6bf35cef1c', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (47, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (48, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', NULL, 'door.visited', 'synced');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (49, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', 'f524f8c0a842bf6bf35cef1c', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (50, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (51, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (52, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', NULL, 'door.visited', 'synced');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (53, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', '8e88bea577499c956de42922', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (54, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'door.daily-code', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (55, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (56, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', '8e88bea577499c956de42922', 'code.set', 'setting');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (57, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.proven', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (58, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'door.visited', 'synced');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (59, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'lock.events', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (60, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', NULL, 'door.visited', 'nothing');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (61, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'code.removing', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (62, 1790000000, '3ba81640736fda23f77b7701', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (63, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', 'f524f8c0a842bf6bf35cef1c', 'code.removing', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (64, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', 'f524f8c0a842bf6bf35cef1c', 'code.removing', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (65, 1790000000, '3ba81640736fda23f77b7701', NULL, 'f524f8c0a842bf6bf35cef1c', 'person.revoked', NULL);
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (66, 1790000000, '3ba81640736fda23f77b7701', 'bc7365668a02c428ae10e423', '970a260890c62b8bdc1803bb', 'code.setting', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (67, 1790000000, '3ba81640736fda23f77b7701', NULL, '970a260890c62b8bdc1803bb', 'person.suspended', 'stolen');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (68, 1790000000, '3ba81640736fda23f77b7701', 'c6f7820f2982d67280ba6ad7', '6238cb68a427da71c61fef82', 'code.unset', 'code');
INSERT INTO changes OVERRIDING SYSTEM VALUE VALUES (69, 1790000000, '3ba81640736fda23f77b7701', NULL, '6238cb68a427da71c61fef82', 'person.granted', NULL);
INSERT INTO codes VALUES ('57fb4cbe67780e8afa4a53b6', 'e7151ff031b2d2f63f1eb423', '5457b1c91d98f951481aa2a5', '9327c030df96e09f7c3de2168127e5c1', 0, '\x20229ed22186e55a37cc3291a1c19ccb4a10d52b7394455c0351dc9c', 1790000000, 65536, 1, NULL, false, false, 'dailyCode', '\x8b677465726d732f31040000001affffffff0001010000', 1);
INSERT INTO codes VALUES ('ca068b2a863a9d1b1ba7be16', 'bc7365668a02c428ae10e423', '5457b1c91d98f951481aa2a5', '0cc5ecec16c765a6d7d301ce779e021a', 0, '\x3adec65fc5b7c712758fd49555d1f0521b2edbe184753257f0fcb37f', 1790000000, 65536, 1, NULL, false, false, 'dailyCode', '\x8b677465726d732f31040000001affffffff0001010000', 1);
INSERT INTO codes VALUES ('bea5e24a001879ffbdf5d12a', 'c6f7820f2982d67280ba6ad7', '5457b1c91d98f951481aa2a5', '1092a972b1ed8147d2f3fc0fa96addf3', 0, '\xd78bdf7568d37a89890f58d6204aa5ed0ad50aa4910f81def5b8325f', 1790000000, 65536, 1, NULL, false, false, 'dailyCode', '\x8b677465726d732f31040000001affffffff0001010000', 1);
INSERT INTO codes VALUES ('3d5316000869fe8201f6d818', 'bc7365668a02c428ae10e423', 'aaf2ce32df6b5db60594a07d', 'dc544e080e4d209f144771ccf2a727ab', 4, '\xa634045eab083ca4ff74d9abd167565ade577dec3f702a975935f21a679eb227', 1790000000, 65538, 2, NULL, false, false, 'code', NULL, 2);
INSERT INTO codes VALUES ('90da31aa63a6cf4715660254', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'f31068e4cbe59a5cd3508bab834985e2', 0, '\x9da2f6a5a1aa0d1f02c27f748cdf2e51c70fc616b56ee5e94a5871a1cecec0dc4d5fbd533588b2d3a21d', 1790000000, 65538, 2, NULL, false, false, 'keycard', '\x8b677465726d732f31020000001affffffff0000000000', 2);
INSERT INTO codes VALUES ('3e7d2ac1767a8b968711236d', 'e7151ff031b2d2f63f1eb423', '8e88bea577499c956de42922', 'a3d574bbf76f0a8fd3b1b5eb3d7cacc4', 4, '\xdde49106489d283c22b091c362ca2cb612555d7c5f452de2aec2f936c8f500eb', 1790000000, 65539, 3, NULL, false, false, 'code', '\x8b677465726d732f31010000001affffffff0000000000', 3);
INSERT INTO codes VALUES ('43d1e7a883a0219d9dc343d0', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'ab910d66dc164465ab22d84b47b49589', 4, '\xe7a02ea9d42cdbd529ff46e5f8ca808889ed9c77c65671d8e500002781c874e1', 1790000000, 65537, 2, NULL, true, false, 'code', NULL, 2);
INSERT INTO codes VALUES ('0e5974104823b4b0de464761', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'd68d57e3a454d76e4ff39705b1ea32a3', 4, '\xe1f2add487b499f4ddc2bd10769dc0aeabbfb02fcf59a77f60b4b4ffec969dfd', 1790000000, 65537, NULL, NULL, false, false, 'code', NULL, NULL);
INSERT INTO codes VALUES ('5a5204f4b7eb353e5ab6ff71', 'bc7365668a02c428ae10e423', 'f524f8c0a842bf6bf35cef1c', '275475dc91d11b6184e25f23e7745900', 4, '\xbe006feb507da083c1cf33bbd95dc978934d5f81c1d4972b09c87d923f6de9ac', 1790000000, 65539, 2, NULL, true, false, 'code', NULL, 2);
INSERT INTO codes VALUES ('35dc5ece061b56f644d49801', 'bc7365668a02c428ae10e423', '970a260890c62b8bdc1803bb', '83f950945e358f4f4fa6bd1efff127c9', 4, '\xeac9de51d9c2c11d4cec9c4f9d280d61d77adf48f6097870a511a13552310add', 1790000000, 65537, 2, NULL, false, false, 'code', '\x8b677465726d732f31010000001affffffff0000000100', NULL);
INSERT INTO codes VALUES ('5a525b5de367646f5b48503e', 'c6f7820f2982d67280ba6ad7', 'f524f8c0a842bf6bf35cef1c', 'd13718ab187b8dc3a7c712556da93546', 4, '\x179c3dc099098d7af5b1952cc25c8e32daf328cae0d0b5cbb1ff4f2fed65db27', 1790000000, 65537, 2, 3, true, false, 'code', NULL, 2);
INSERT INTO codes VALUES ('a770522c9583aaca1428b5a7', 'c6f7820f2982d67280ba6ad7', '6238cb68a427da71c61fef82', '43e561b4a8128e42ab58c0c0e7ee92de', 4, '\x9299432d06a5701dfd6cf915feff906d4614873ca37e98414807578201f41458', 1790000000, 65538, 3, NULL, false, false, 'code', NULL, 3);
INSERT INTO daily_codes OVERRIDING SYSTEM VALUE VALUES (1, 'e7151ff031b2d2f63f1eb423', '94d3fd3655d9d3575390a01a', 20717, 1790000000, 'd3e60c94931ef17b0c9c5e8e540cc3d4');
INSERT INTO doors VALUES ('e7151ff031b2d2f63f1eb423', '3ba81640736fda23f77b7701', 'Door of unit 1', 'door of unit 1', 'residence', 1, 'e982a120fd1e8691f3defc72', 'offline');
INSERT INTO doors VALUES ('bc7365668a02c428ae10e423', '3ba81640736fda23f77b7701', 'Entrance', 'entrance', 'buildingEntrance', 1, NULL, 'offline');
INSERT INTO doors VALUES ('c6f7820f2982d67280ba6ad7', '3ba81640736fda23f77b7701', 'Laundry', 'laundry', 'communal', 1, NULL, 'offline');
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 1, '\x000000016aae804808000000000000000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 2, '\x000000026ab13b8003000000000000000000000100000005', 1790000000);
INSERT INTO events VALUES ('\x876b56c43cf13ec079b136208a7d2d6c', 1, '\x000000016aae804808000000000000000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x876b56c43cf13ec079b136208a7d2d6c', 2, '\x000000026ab13b8003000000000000000000000100000005', 1790000000);
INSERT INTO events VALUES ('\x61e8d8617213c7f0510ee9dc2c337a22', 1, '\x000000016aae804808000000000000000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x61e8d8617213c7f0510ee9dc2c337a22', 2, '\x000000026ab13b8003000000000000000000000100000005', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 3, '\x000000036ab13b8003000000000000000000000200000003', 1790000000);
INSERT INTO events VALUES ('\x876b56c43cf13ec079b136208a7d2d6c', 3, '\x000000036ab13b8003000000000000000000000200000003', 1790000000);
INSERT INTO events VALUES ('\x61e8d8617213c7f0510ee9dc2c337a22', 3, '\x000000036ab13b8003000000000000000000000200000001', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 4, '\x000000046ab13b8001000301010001000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 5, '\x000000056ab13b8001000400000000000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 6, '\x000000066ab13b8001000801010002000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 7, '\x000000076ab13b8001000400000000000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 8, '\x000000086ab13b8003000000000000000000000300000001', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 9, '\x000000096ab13b8001000301010003000000000000000000', 1790000000);
INSERT INTO events VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 10, '\x0000000a6ab13b8001000400000000000000000000000000', 1790000000);
INSERT INTO handed VALUES ('e7151ff031b2d2f63f1eb423', 1, 1, '82e0652e81330d00cab4b488', '80e44302b59e316a3beb1a8c', 1790000000);
INSERT INTO handed VALUES ('bc7365668a02c428ae10e423', 1, 1, 'f6399d423416512e7cba86d3', '80e44302b59e316a3beb1a8c', 1790000000);
INSERT INTO handed VALUES ('c6f7820f2982d67280ba6ad7', 1, 1, '32a81c88c17e8d710d06f429', '80e44302b59e316a3beb1a8c', 1790000000);
INSERT INTO handed VALUES ('bc7365668a02c428ae10e423', 1, 2, 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000);
INSERT INTO handed VALUES ('c6f7820f2982d67280ba6ad7', 1, 2, 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000);
INSERT INTO handed VALUES ('e7151ff031b2d2f63f1eb423', 1, 2, 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000);
INSERT INTO handed VALUES ('e7151ff031b2d2f63f1eb423', 1, 3, '2d8f56a907bb205841ca5920', '94d3fd3655d9d3575390a01a', 1790000000);
INSERT INTO handed VALUES ('c6f7820f2982d67280ba6ad7', 1, 3, 'c9cfbcfbcd58424a5a193515', '946b79d7f44948149d8fa50d', 1790000000);
INSERT INTO idempotency VALUES ('94d3fd3655d9d3575390a01a', 'f1baf2dd68499bd26c656690108bb407', '\xe39b9b2f1cae8f598ddcf3ae7e47070c', 200, 'ruf9WURqN0KFycHx6L/hDNy2fkb1kc2Y5M99EvJiZ1OwzN/PHYmTGBVozUCNGkIzxMQAsl03WZF7mcqf474UHq9+lDrk/5+NhYSQkyB83p9JWTrzMvL0vU0qpViOkkAo/mo5Jo6ZaGF+KpSaAggujbnHMyDf2H69tyJufvhImNjtEh2O/tMda3dBpHg09QYSQtPXRRrQfbk+SKgR7rj/xqRZQVPYiT6gTqKDpzo+KVhNZm2rv7LlWIvDLdVfcET/kyYefVGsZX5Ow7V6hFvuzuxYeatf7+vK2FRy4/Hi5aHgJ1CHecnFa3+NxA7nKNBanvro6MB1XNF7VT7iyUCLaFzu/sjvwPKz+1JEO4kRuNfvOJjnDy63UJOqF2+dERX0HYO4s/sz69zSGulHeAfW7LeQw/1SkSbkX2K864wy5j1t2/fH6X6e3X2WCkNpeHAp+/4Nt5kUShiBKrFQNKk0q++00mpg8V+UpEkfbKfaZlmPNhZm/YSa5xTDSrytQk753RvGr92dj0WgLWXJ5VMVfqNc/vauWUXWz4RJKKFaLyoTwnPMoollozer+ZPDGV13M1nUlbba7VVH0uPSGHqgY98YH3+HhRULBhx7n3JICdsj+a4kKMvEfCvxtgWnS5ovQQ0XdxgCvyK1LEBINvwIhT5SO9hQkUhmYU53NK9CtaoiLVhj9/iU2wSY0bnwdba6JX8QmywQh0H1+gPZVq/7YIZm9x70UFhTVR6tjPtStnSGCn7eLNn6L+kmGQOhucPnpNpMmIdKnhHvD85OK1+R1RjV1namM52mq9+RjJ7gR4BliKmytsW5DmY2VkZbKfh+w5n1MtHSV21/WyWDpeX22xHdPX3WdIAL+daKhf3NKEfld5vSbkwZw6KLO198OcANmhBJ2vMmh4543uL3G69QiAqon33uHWWZWHYZYFQQIme51TkKHC6Dm5Jq2t8wfURSDLol7oM0t46v5NSdM8EMmgl5aCR/3ylQ/4qR/GMSdlL+cyoWla5Ad7r9Bl+aPh4b3vBioK+FeJi+yTfj/36JgusMh9u1xMWVZtnG0RU4rQ==', 1790000000);
INSERT INTO installation VALUES (1, '\x22ea8d8b5c00a54e619a6044b0f11ae90b9c79f7836dabe8179bd531757c1990', 1790000000, NULL);
INSERT INTO issued VALUES ('e7151ff031b2d2f63f1eb423', 1, 0, 1790000000, 0, '\x465e19f7af43c5db', true);
INSERT INTO issued VALUES ('e7151ff031b2d2f63f1eb423', 1, 1, 1790000000, 168, '\x04b43e8905dc500c', true);
INSERT INTO issued VALUES ('bc7365668a02c428ae10e423', 1, 0, 1790000000, 0, '\xc8517e63293f4b2b', true);
INSERT INTO issued VALUES ('bc7365668a02c428ae10e423', 1, 1, 1790000000, 168, '\xd06dff53235f98ce', true);
INSERT INTO issued VALUES ('c6f7820f2982d67280ba6ad7', 1, 0, 1790000000, 0, '\x83490f906f4c6100', true);
INSERT INTO issued VALUES ('c6f7820f2982d67280ba6ad7', 1, 1, 1790000000, 168, '\xef14c4cdc758a4d7', true);
INSERT INTO issued VALUES ('bc7365668a02c428ae10e423', 1, 2, 1790000000, 168, '\x9cc467f552ac24e7', true);
INSERT INTO issued VALUES ('c6f7820f2982d67280ba6ad7', 1, 2, 1790000000, 168, '\x44734a7a4946fc1f', true);
INSERT INTO issued VALUES ('e7151ff031b2d2f63f1eb423', 1, 2, 1790000000, 168, '\x012dd36a135964ef', true);
INSERT INTO issued VALUES ('e7151ff031b2d2f63f1eb423', 1, 3, 1790000000, 168, '\xbbc87389771b48a1', true);
INSERT INTO issued VALUES ('c6f7820f2982d67280ba6ad7', 1, 3, 1790000000, 168, '\x18bef8a3b06700b8', true);
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 0, 1, NULL, '\x00000000000505003c0018000000000000000000000000000000000000');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 1, 1, NULL, '\x0000010101000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 2, 1, NULL, '\x0000020400000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 32768, 1, NULL, '\x0080000100000000007800000000000000000000000000000000000000');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 65536, 1, NULL, '\x01000000020000000000000000000000000000000000000000ffffffff');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 0, 1, NULL, '\x00000001000505003c0018000000000000000000000000000000000000');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 1, 1, NULL, '\x0000010101000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 2, 1, NULL, '\x0000020400000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 32768, 1, NULL, '\x0080000100000000007800000000000000000000000000000000000000');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 65536, 1, NULL, '\x01000000020000000000000000000000000000000000000000ffffffff');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 0, 1, NULL, '\x00000002000505003c0018000000000000000000000000000000000000');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 1, 1, NULL, '\x0000010101000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 2, 1, NULL, '\x0000020400000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 32768, 1, NULL, '\x0080000100000000007800000000000000000000000000000000000000');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 65536, 1, NULL, '\x01000000020000000000000000000000000000000000000000ffffffff');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 65537, 2, NULL, '\x0100010001f987baaba32513fc2b4b7ac16eb9a32200000000ffffffff');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 65538, 2, NULL, '\x0100020001a954e0ad0e9c96d70ec3af9e43439b8000000000ffffffff');
INSERT INTO items VALUES ('bc7365668a02c428ae10e423', 1, 65539, 2, NULL, '\x0100030001ef10bf042ffe8e2fa318165879a76c3000000000ffffffff');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 3, 2, NULL, '\x0000030201000000000000000000000000000000000000000000000000');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 65537, 2, NULL, '\x0100010001f18167112ffa04ae5b0255ef8121d2b200000000ffffffff');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 65538, 2, NULL, '\x0100020003bf2148a7de3f35ca2a3f77646096fca200000000ffffffff');
INSERT INTO items VALUES ('e7151ff031b2d2f63f1eb423', 1, 65539, 3, NULL, '\x0100030001fb5a8ef5396c49744ad4c9c4fa4a374500000000ffffffff');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 65537, 2, 3, '\x0100010001f2c679ad00c512c6c5b3c23dfd7c072c00000000ffffffff');
INSERT INTO items VALUES ('c6f7820f2982d67280ba6ad7', 1, 65538, 3, NULL, '\x01000200016dca66b6e3a446ceac63e0b9f99114f100000000ffffffff');
INSERT INTO locks VALUES ('e7151ff031b2d2f63f1eb423', 1, '\x89adf2a1d774bbc4943c488bdfc03a05', '\x1d7d90376bc0cadf', '\x69050646afdeb289d20c2613c26ac0607fb3d9eaf995daced217e95273bb06ea', '\x34e7a333321e525cd1c9d0381af066fa1a28c08132fde20ad21623a46657ce32', '\x4d0832a75796224e7579a911a52d5b33d280e317f3ac61ec9f9a9a539df1526f867414ecf6909bef1ee8e889bcef0b59a0e78c7f3693aab83d99e4423aef210200f36a51146ada718b2997ebf3cc931ded31127b1462037962aadc1fe99c8d3c20656da7945f791536809b166454850a4d5570194e91df8f7c14b6c4524060d1b2c58ce655b4160c8f0ec79e39e1ce88b0892730ba7c5658ab5533714ea20368ba6773638bc16fee67d39ab5c072f835da3aa2ba838b627870a6715db75a406db33f88f1a71aa20387356d247d89324281b3786f77936b7a936472e3865017f3a4d356a97bf0c5574924e3e8f5070f15ee354f8a59d693248d8d95f4', 65539, 3, NULL, false, 1790000000, 1790000000, 0, NULL);
INSERT INTO locks VALUES ('c6f7820f2982d67280ba6ad7', 1, '\x61e8d8617213c7f0510ee9dc2c337a22', '\x0e5680a1e9e55dc7', '\xef89ca188bd358158018d34b4167ca7289e06de5d196826a230908b8c3e4d8e4', '\xb5410c8901d742e3b48dc0a13520735f4f301c474990fccf002bddf8f887224a', '\xf966fc8402abad218123dbf8660a186c01ef2c4e019eb8118145c02cf5d033312c98b0c55a2fe672f22af5f2c533dc2eb757bfe1ae454078752623c7773b9264fd777e628299e2189a8772ac58a394c4c9d783093b721f06a39b807835594214bb7cab6568a1e63370709d506ccb028c3e6320e43e739e8e7550f4d07ea1ff43a541db3a449732d222852c3389e7ddf65f61450b7cfb207392d00f58c0f25c83af4440e92f8832de1af29e5eab7255313fbbba079edb2f72307490a65e122deb5887b2f43f6bfee4be9642b57275ef79018ce3e9481c614a1b294d27952c9b5aead20a374f8edf0ada797adc472a42d750218769ad8e7a7d5eab1c48', 65538, 2, NULL, false, 1790000000, 1790000000, 0, NULL);
INSERT INTO locks VALUES ('bc7365668a02c428ae10e423', 1, '\x876b56c43cf13ec079b136208a7d2d6c', '\x5f6100e699e095ef', '\x7b357ecaf1aed0786091b9e65494e7d6d914161b358ca8f4818185518697cb3e', '\xeb796a8f13520eae1fc5248cad4fc0ba320f71fc23ce73792ccf773e5e165951', '\x7dc967565cddf1535d9582c91136a96b2707fd0be03be0798ee36c1c5536b33998b651871d813e76043e472b49d044737d2709ecbe6af90146c544b825770735ef3db792fe34f61a4fb5ab0309b09af536dccd629b422bd37ff4726371a8f106bb81db829adc36f17d8b98a4c9e140169d16d9b960b36947de49a5e741200c989bc5ffc6ea972febd1d44f36cd646ba39319ae18958c05484cc16cb17443353fd52de6db7cb4332853f7de12728d5326d8516874b1dd00e644c4a2b04ef10864a24b77a429e95ff60f759956c3d20e77c3f78ec39110ec8bbc1aaf862ca7e39ceed22ffc31a6dd1e0ce36c3d89cb47fdf6757d7977c697feb54f92c7', 65539, 2, NULL, false, 1790000000, 1790000000, 0, NULL);
INSERT INTO logs VALUES ('\x876b56c43cf13ec079b136208a7d2d6c', 'bc7365668a02c428ae10e423', 3, '\xfa44023845a17d264ad04dec04d5b2d6', 3, false);
INSERT INTO logs VALUES ('\x61e8d8617213c7f0510ee9dc2c337a22', 'c6f7820f2982d67280ba6ad7', 3, '\x8364d70ef7cbdf4c7158249483f32d13', 3, false);
INSERT INTO logs VALUES ('\x89adf2a1d774bbc4943c488bdfc03a05', 'e7151ff031b2d2f63f1eb423', 10, '\x76a0e0e0bf5126f1e8210b29a5ac68ef', 10, false);
INSERT INTO mechanical_keys VALUES ('e5e0f6538f11f9fbd9047644', 'e7151ff031b2d2f63f1eb423', 'aaf2ce32df6b5db60594a07d', 'K-17', 1790000000, NULL);
INSERT INTO messages OVERRIDING SYSTEM VALUE VALUES (1, 1790000000, 'password-reset', 'email', '\x', 1, NULL, 'sent', NULL);
INSERT INTO messages OVERRIDING SYSTEM VALUE VALUES (2, 1790000000, 'password-reset', 'email', '\x', 1, NULL, 'sent', NULL);
INSERT INTO messages OVERRIDING SYSTEM VALUE VALUES (3, 1790000000, 'password-reset', 'email', '\x', 1, NULL, 'sent', NULL);
INSERT INTO messages OVERRIDING SYSTEM VALUE VALUES (4, 1790000000, 'password-reset', 'email', '\x', 1, NULL, 'sent', NULL);
INSERT INTO messages OVERRIDING SYSTEM VALUE VALUES (5, 1790000000, 'suspended', 'email', '\x70ad30962741b7b2ce40fd84b926cd0147be691864d9fdb356461d69b58736c0af1b71c64643cb698ee5c4dcabadfddf51d7457c0f532e21bbb2ace9e69c0c3bd66e4db975569a7dfbcf8c93c119eeccbd7db269f2067696187d9ff15cbacfc76dcd50e7a560fba52da3074ef2005975a08f97bbecbbba8c5ff2ac57d67277229ac06159f1dd971f838fd1084b4ea5f7defdbef70447709e6c1d980e21afd93040ac3a887fd6b32e36f0a749479abfd4ad73e1675157bb2cda7b81f7a0a16552926d0c96bb7b176d2dfd55f707b3714bbe14d54c2b62c80f0601585e43d49bc1e8237c6523ed21b6c9d14ed9600e198771ba0ea5b5ed58796cc63e8ec1d1058fa3648d76decb6a67d85183ab5fc3d3394e80d81f5cf83825c4a920218a7f9bac', 0, 1790000000, 'queued', NULL);
INSERT INTO migrations VALUES ('0001-doors-codes-versions-receipts');
INSERT INTO migrations VALUES ('0002-terms');
INSERT INTO migrations VALUES ('0003-logs');
INSERT INTO migrations VALUES ('0004-rotation');
INSERT INTO migrations VALUES ('0005-service');
INSERT INTO people VALUES ('dd3a0538ac9f8b161662d74c', 'Mona Manager', 'mona manager', '3ba81640736fda23f77b7701', NULL, NULL);
INSERT INTO people VALUES ('5457b1c91d98f951481aa2a5', 'daily doorcode', 'daily doorcode', '3ba81640736fda23f77b7701', NULL, NULL);
INSERT INTO people VALUES ('aaf2ce32df6b5db60594a07d', 'Rita Resident', 'rita resident', '3ba81640736fda23f77b7701', NULL, NULL);
INSERT INTO people VALUES ('f524f8c0a842bf6bf35cef1c', 'Omar Owner', 'omar owner', '3ba81640736fda23f77b7701', NULL, NULL);
INSERT INTO people VALUES ('6238cb68a427da71c61fef82', 'Nina New', 'nina new', '3ba81640736fda23f77b7701', NULL, NULL);
INSERT INTO people VALUES ('970a260890c62b8bdc1803bb', 'Sam Stolen', 'sam stolen', '3ba81640736fda23f77b7701', NULL, NULL);
INSERT INTO people VALUES ('8e88bea577499c956de42922', 'Gus Guest', 'gus guest', '3ba81640736fda23f77b7701', 'aaf2ce32df6b5db60594a07d', 'permanent');
INSERT INTO properties VALUES ('3ba81640736fda23f77b7701', 'Maple Court', 'maple court', false, 0, '\x8867686f7573652f3100000000008182001904b080', '{"customCodes":true,"codePolicy":"literal","appVersionMin":"0.0.0","deliveryDoorKinds":["buildingEntrance","communal","service"],"deliveryHours":2,"dailyCodesPerDayMax":5,"dailyRecipientsNewPerDayMax":2,"picksPerDayMax":10,"delayHours":24}');
INSERT INTO receipts VALUES ('e7151ff031b2d2f63f1eb423', 1, '\xc94f2df7fbe083001f521be7ac5888d2017705bd3decd3fd388c5e933c04b0ce', 1, 'proven', '\x8443a10127a05685011a6ab13b804804b43e8905dc500c1a6ab13b800058401d2f7274328326fc6c63c1ee58605c88bf5e1d131fc303f525fd1b990f396ea3af1faab2f5e6a75a53199fa77afea8edd6055e5aa73b7ecf42ad6a2a67c3b50c', 1790000000);
INSERT INTO receipts VALUES ('bc7365668a02c428ae10e423', 1, '\xf2c1b3c2b0a30909c4eabb9b6d4627c66edda5b55e56e454103b3c0cf411391e', 1, 'proven', '\x8443a10127a05685011a6ab13b8048d06dff53235f98ce1a6ab13b800058403f84a78436db7fd9ffcbf031dccc025871355aa7b0033f17686e809bd727d4e72ac56761dfede5366b022eb5c0cfc4b27f028970929103903a9c698925251408', 1790000000);
INSERT INTO receipts VALUES ('c6f7820f2982d67280ba6ad7', 1, '\xa6cda5c70c2d0800134e5bf5e8ec209c19584d192bcd4660b1c1e5334804079f', 1, 'proven', '\x8443a10127a05685011a6ab13b8048ef14c4cdc758a4d71a6ab13b80005840d0c9a56925b29124cfd8206b2dc25e4ef5bbcc042f9e6aabbe89e6a77dd88e55f3ee00942466a0ccd34ca84265d07c75966325ca1d4ace7fa8190752889a5104', 1790000000);
INSERT INTO receipts VALUES ('e7151ff031b2d2f63f1eb423', 1, '\x56e9ad17082ce4e830b538c4a10a2352aa0632e51904ab37df58afb433e167bd', 2, 'proven', '\x8443a10127a05685021a6ab13b8048012dd36a135964ef1a6ab13b800058405a51a8a63e1801eaa521e3f529f17d3afb68fe5fdcdabe4d53effe64a782a4b84f0d824ad58323739ac78dc487cb7508113595adf2f1be2fb1924263ca04440c', 1790000000);
INSERT INTO receipts VALUES ('bc7365668a02c428ae10e423', 1, '\x7d7aaaafe2eca4d375a2deb7044d367b64c7cc931c2f6845783719fa722029f9', 2, 'proven', '\x8443a10127a05685021a6ab13b80489cc467f552ac24e71a6ab13b8000584042df921190542f7500b189292d6af528d736bad44f7b087ae7949465349a13854047fcb2819a7608a862e1a4c4b944036ad0cae70e20ae8229037f6947a87c06', 1790000000);
INSERT INTO receipts VALUES ('c6f7820f2982d67280ba6ad7', 1, '\x43915607b6c6e7ca296cc83bd494acf9764097695c7ac4ce9c5a02ba10668030', 2, 'proven', '\x8443a10127a05685021a6ab13b804844734a7a4946fc1f1a6ab13b800058406056667c4301916acb6d6c58ebb4f25d78a1593c54a11e2a53b81cd09df4cc1c51db123765ef68a2875f4ef64a9158c772764e6dd2b647f0ee1ca8744a752f0b', 1790000000);
INSERT INTO receipts VALUES ('e7151ff031b2d2f63f1eb423', 1, '\xf5080d1072e1f9e63a4cae8107d56bf8db0574e699bad47d8b066a53bd5a877c', 3, 'proven', '\x8443a10127a05685031a6ab13b8048bbc87389771b48a11a6ab13b800058409a1045c2d4cddf4d487cd1ea7d6d1809a04a47a9a60bfc61866a769c3356bd186d6e645fe86afd9675286a508c4a094f49c52782f73f1067dfb2f79eb0c09909', 1790000000);
INSERT INTO sessions VALUES ('\x1a8aa87ce0573d7e4be386d328cc11c95de873c9d0627304b8199f942190ac7e', '80e44302b59e316a3beb1a8c', 'f651bd74095fb8f13fc00756', 'desktop', 'test', '1.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\x403b022fea4c677ae82606fb46d994d5b6ba21a828941e40ba4f94c92224c874', '80e44302b59e316a3beb1a8c', '82e0652e81330d00cab4b488', 'mobile', 'test', '1.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\x7573fea1fec3bbdf02c94dacabf13cd71459f68ad406ab0c536b0096de0d0e4c', '80e44302b59e316a3beb1a8c', 'f6399d423416512e7cba86d3', 'mobile', 'test', '1.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\x30b82e250eba4d4fbb53a7aa55ffad6a6f26b805853a90e18224d7cab5d20814', '80e44302b59e316a3beb1a8c', '32a81c88c17e8d710d06f429', 'mobile', 'test', '1.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\xfc5a0434f355b0bdaac0dd6dc28550b265cbf44c6ef09a50f2ef145d019ab50e', '80e44302b59e316a3beb1a8c', 'd01157e11c7bdfc9c0c64fe3', 'mobile', 'journeys', '9.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\x29ababb3bb23c10c34ea3e127121dfecdf8206cb88d66cfde09cb58f0c77edb7', '94d3fd3655d9d3575390a01a', '2d8f56a907bb205841ca5920', 'mobile', 'journeys', '9.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\xc1a2ab5f4fe8c97d444d34b05152c0bfa6f8e4b55cb3f467242475b574f91df8', 'be78a824755c201f25073c50', '03ff3ffb66ade25aae9c512b', 'mobile', 'journeys', '9.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO sessions VALUES ('\xe23dbb19f8303fc3ffa6ca8c54dc40245b2535d2c05275dd37cc678013a620d9', '946b79d7f44948149d8fa50d', 'c9cfbcfbcd58424a5a193515', 'mobile', 'journeys', '9.0.0', 1790000000, 1790000000, 1792592000);
INSERT INTO standings VALUES ('dd3a0538ac9f8b161662d74c', '3ba81640736fda23f77b7701', '', 'manager', 1790000000, NULL, NULL);
INSERT INTO standings VALUES ('aaf2ce32df6b5db60594a07d', '3ba81640736fda23f77b7701', 'e982a120fd1e8691f3defc72', 'resident', 1790000000, NULL, NULL);
INSERT INTO standings VALUES ('6238cb68a427da71c61fef82', '3ba81640736fda23f77b7701', '4abcee1e221be4e9e4efc6de', 'resident', 1790000000, NULL, NULL);
INSERT INTO standings VALUES ('f524f8c0a842bf6bf35cef1c', '3ba81640736fda23f77b7701', '4abcee1e221be4e9e4efc6de', 'resident', 1790000000, 1790000000, 'revoked');
INSERT INTO standings VALUES ('970a260890c62b8bdc1803bb', '3ba81640736fda23f77b7701', '4abcee1e221be4e9e4efc6de', 'resident', 1790000000, 1790000000, 'stolen');
INSERT INTO units VALUES ('e982a120fd1e8691f3defc72', '3ba81640736fda23f77b7701', 'Unit 1', 'unit 1');
INSERT INTO units VALUES ('4abcee1e221be4e9e4efc6de', '3ba81640736fda23f77b7701', 'Unit 2', 'unit 2');
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (1, 'e7151ff031b2d2f63f1eb423', '82e0652e81330d00cab4b488', '80e44302b59e316a3beb1a8c', 1790000000, 'receipt', 1, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (2, 'bc7365668a02c428ae10e423', 'f6399d423416512e7cba86d3', '80e44302b59e316a3beb1a8c', 1790000000, 'receipt', 1, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (3, 'c6f7820f2982d67280ba6ad7', '32a81c88c17e8d710d06f429', '80e44302b59e316a3beb1a8c', 1790000000, 'receipt', 1, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (4, 'e7151ff031b2d2f63f1eb423', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'receipt', 2, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (5, 'e7151ff031b2d2f63f1eb423', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'synced', 2, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (6, 'bc7365668a02c428ae10e423', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'receipt', 2, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (7, 'bc7365668a02c428ae10e423', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'synced', 2, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (8, 'c6f7820f2982d67280ba6ad7', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'receipt', 2, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (9, 'c6f7820f2982d67280ba6ad7', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'synced', 2, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (10, 'e7151ff031b2d2f63f1eb423', '2d8f56a907bb205841ca5920', '94d3fd3655d9d3575390a01a', 1790000000, 'receipt', 3, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (11, 'e7151ff031b2d2f63f1eb423', '2d8f56a907bb205841ca5920', '94d3fd3655d9d3575390a01a', 1790000000, 'synced', 3, NULL);
INSERT INTO visits OVERRIDING SYSTEM VALUE VALUES (12, 'e7151ff031b2d2f63f1eb423', 'd01157e11c7bdfc9c0c64fe3', '80e44302b59e316a3beb1a8c', 1790000000, 'nothing', NULL, NULL);
SELECT pg_catalog.setval('audit_id_seq', 68, true);
SELECT pg_catalog.setval('changes_id_seq', 69, true);
SELECT pg_catalog.setval('daily_codes_id_seq', 1, true);
SELECT pg_catalog.setval('messages_id_seq', 5, true);
SELECT pg_catalog.setval('visits_id_seq', 12, true);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_email_key_key UNIQUE (email_key);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_person_id_key UNIQUE (person_id);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY codes
    ADD CONSTRAINT codes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY commissions
    ADD CONSTRAINT commissions_lock_id_key UNIQUE (lock_id);
ALTER TABLE ONLY commissions
    ADD CONSTRAINT commissions_pkey PRIMARY KEY (door_id);
ALTER TABLE ONLY commissions
    ADD CONSTRAINT commissions_tag_key UNIQUE (tag);
ALTER TABLE ONLY daily_codes
    ADD CONSTRAINT daily_codes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY doors
    ADD CONSTRAINT doors_pkey PRIMARY KEY (id);
ALTER TABLE ONLY doors
    ADD CONSTRAINT doors_property_id_name_key_key UNIQUE (property_id, name_key);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (lock_id, seq);
ALTER TABLE ONLY handed
    ADD CONSTRAINT handed_pkey PRIMARY KEY (door_id, epoch, version, phone_id);
ALTER TABLE ONLY idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key);
ALTER TABLE ONLY installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY issued
    ADD CONSTRAINT issued_pkey PRIMARY KEY (door_id, epoch, version);
ALTER TABLE ONLY items
    ADD CONSTRAINT items_pkey PRIMARY KEY (door_id, epoch, item_id, from_version);
ALTER TABLE ONLY locks
    ADD CONSTRAINT locks_lock_id_key UNIQUE (lock_id);
ALTER TABLE ONLY locks
    ADD CONSTRAINT locks_pkey PRIMARY KEY (door_id, epoch);
ALTER TABLE ONLY locks
    ADD CONSTRAINT locks_tag_key UNIQUE (tag);
ALTER TABLE ONLY logs
    ADD CONSTRAINT logs_pkey PRIMARY KEY (lock_id);
ALTER TABLE ONLY mechanical_keys
    ADD CONSTRAINT mechanical_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY password_resets
    ADD CONSTRAINT password_resets_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);
ALTER TABLE ONLY properties
    ADD CONSTRAINT properties_name_key_key UNIQUE (name_key);
ALTER TABLE ONLY properties
    ADD CONSTRAINT properties_pkey PRIMARY KEY (id);
ALTER TABLE ONLY receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (door_id, epoch, digest);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY standings
    ADD CONSTRAINT standings_pkey PRIMARY KEY (person_id, property_id, unit_id, role);
ALTER TABLE ONLY units
    ADD CONSTRAINT units_pkey PRIMARY KEY (id);
ALTER TABLE ONLY units
    ADD CONSTRAINT units_property_id_name_key_key UNIQUE (property_id, name_key);
ALTER TABLE ONLY visits
    ADD CONSTRAINT visits_pkey PRIMARY KEY (id);
CREATE INDEX attempts_by_key ON attempts USING btree (key, at);
CREATE INDEX audit_of_property ON audit USING btree (property_id, id);
CREATE INDEX changes_of_door ON changes USING btree (door_id, id);
CREATE INDEX changes_of_property ON changes USING btree (property_id, id);
CREATE INDEX codes_of_person ON codes USING btree (person_id);
CREATE UNIQUE INDEX codes_one_live_per_person ON codes USING btree (door_id, person_id, class) WHERE (NOT revoked);
CREATE UNIQUE INDEX codes_unique_while_quarantined ON codes USING btree (door_id, mark) WHERE (NOT released);
CREATE INDEX daily_codes_of_account ON daily_codes USING btree (account_id, day);
CREATE INDEX doors_of_unit ON doors USING btree (unit_id);
CREATE UNIQUE INDEX items_one_open ON items USING btree (door_id, epoch, item_id) WHERE (until_version IS NULL);
CREATE INDEX messages_queued ON messages USING btree (next_at) WHERE (state = 'queued'::text);
CREATE UNIQUE INDEX people_named ON people USING btree (name_key) WHERE (property_id IS NULL);
CREATE INDEX people_of_property ON people USING btree (property_id, name_key);
CREATE INDEX sessions_of_account ON sessions USING btree (account_id);
CREATE INDEX standings_of_unit ON standings USING btree (unit_id) WHERE (unit_id <> ''::text);
CREATE INDEX visits_of_door ON visits USING btree (door_id, id);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id);
ALTER TABLE ONLY codes
    ADD CONSTRAINT codes_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY codes
    ADD CONSTRAINT codes_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id);
ALTER TABLE ONLY commissions
    ADD CONSTRAINT commissions_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY daily_codes
    ADD CONSTRAINT daily_codes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id);
ALTER TABLE ONLY daily_codes
    ADD CONSTRAINT daily_codes_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY doors
    ADD CONSTRAINT doors_property_id_fkey FOREIGN KEY (property_id) REFERENCES properties(id);
ALTER TABLE ONLY doors
    ADD CONSTRAINT doors_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES units(id);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_lock_id_fkey FOREIGN KEY (lock_id) REFERENCES logs(lock_id);
ALTER TABLE ONLY handed
    ADD CONSTRAINT handed_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY issued
    ADD CONSTRAINT issued_door_id_epoch_fkey FOREIGN KEY (door_id, epoch) REFERENCES locks(door_id, epoch) ON UPDATE CASCADE;
ALTER TABLE ONLY items
    ADD CONSTRAINT items_door_id_epoch_fkey FOREIGN KEY (door_id, epoch) REFERENCES locks(door_id, epoch) ON UPDATE CASCADE;
ALTER TABLE ONLY locks
    ADD CONSTRAINT locks_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY logs
    ADD CONSTRAINT logs_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY mechanical_keys
    ADD CONSTRAINT mechanical_keys_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
ALTER TABLE ONLY mechanical_keys
    ADD CONSTRAINT mechanical_keys_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id);
ALTER TABLE ONLY password_resets
    ADD CONSTRAINT password_resets_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id);
ALTER TABLE ONLY people
    ADD CONSTRAINT people_host_id_fkey FOREIGN KEY (host_id) REFERENCES people(id);
ALTER TABLE ONLY people
    ADD CONSTRAINT people_property_id_fkey FOREIGN KEY (property_id) REFERENCES properties(id);
ALTER TABLE ONLY receipts
    ADD CONSTRAINT receipts_door_id_epoch_fkey FOREIGN KEY (door_id, epoch) REFERENCES locks(door_id, epoch) ON UPDATE CASCADE;
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id);
ALTER TABLE ONLY standings
    ADD CONSTRAINT standings_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id);
ALTER TABLE ONLY standings
    ADD CONSTRAINT standings_property_id_fkey FOREIGN KEY (property_id) REFERENCES properties(id);
ALTER TABLE ONLY units
    ADD CONSTRAINT units_property_id_fkey FOREIGN KEY (property_id) REFERENCES properties(id);
ALTER TABLE ONLY visits
    ADD CONSTRAINT visits_door_id_fkey FOREIGN KEY (door_id) REFERENCES doors(id);
