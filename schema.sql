-- Parley's tables for MySQL 8 and 9 and MariaDB 10.6 and later. Load into an empty database:
--     mysql chat < schema.sql
-- Printed from models.py by `flask schema`; do not edit.

CREATE TABLE blobs (
  id VARCHAR(32) NOT NULL,
  digest BINARY(32) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  type VARCHAR(64) NOT NULL,
  size BIGINT NOT NULL,
  width INTEGER,
  height INTEGER,
  animated BOOL NOT NULL,
  thumbhash VARBINARY(128),
  small_size INTEGER,
  large_size INTEGER,
  duration BIGINT,
  waveform VARBINARY(128),
  portable BOOL NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT pk_blobs PRIMARY KEY (id),
  CONSTRAINT uq_blobs_digest UNIQUE (digest)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE facts (
  name VARCHAR(32) NOT NULL,
  value VARCHAR(255) NOT NULL,
  CONSTRAINT pk_facts PRIMARY KEY (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT,
  username VARCHAR(32) NOT NULL,
  username_key VARCHAR(128) NOT NULL,
  display_name VARCHAR(64) NOT NULL,
  search_key VARCHAR(255) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  `role` VARCHAR(16) NOT NULL,
  password_hash VARCHAR(255),
  hue INTEGER,
  about VARCHAR(500) NOT NULL,
  email VARCHAR(254),
  locale VARCHAR(16),
  preferences TEXT,
  avatar_id VARCHAR(32),
  created_at DATETIME(3) NOT NULL,
  last_seen_at DATETIME(3),
  disabled_at DATETIME(3),
  CONSTRAINT pk_users PRIMARY KEY (id),
  CONSTRAINT uq_users_username_key UNIQUE (username_key)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_users_kind_last_seen_at ON users (kind, last_seen_at);

CREATE INDEX ix_users_search_key ON users (search_key);

CREATE TABLE erasures (
  user_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT pk_erasures PRIMARY KEY (user_id),
  CONSTRAINT fk_erasures_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE rooms (
  id BIGINT NOT NULL AUTO_INCREMENT,
  kind VARCHAR(16) NOT NULL,
  pair_key VARCHAR(48),
  name VARCHAR(80),
  name_key VARCHAR(320),
  topic VARCHAR(500) NOT NULL,
  owner_id BIGINT,
  visibility VARCHAR(16) NOT NULL,
  emoji VARCHAR(64) NOT NULL,
  avatar_id VARCHAR(32),
  keeps_history BOOL NOT NULL,
  history_from_join BOOL NOT NULL,
  admits_guests BOOL NOT NULL,
  message_ttl INTEGER,
  idle_ttl INTEGER,
  last_seq BIGINT NOT NULL,
  version BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  cleared_seq BIGINT NOT NULL,
  settled_seq BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  active_at DATETIME(3) NOT NULL,
  ends_at DATETIME(3),
  deleted_at DATETIME(3),
  deleted_by_id BIGINT,
  CONSTRAINT pk_rooms PRIMARY KEY (id),
  CONSTRAINT uq_rooms_pair_key UNIQUE (pair_key),
  CONSTRAINT uq_rooms_name_key UNIQUE (name_key),
  CONSTRAINT fk_rooms_owner_id FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE SET NULL
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_rooms_deleted_at ON rooms (deleted_at);

CREATE INDEX ix_rooms_ends_at ON rooms (ends_at);

CREATE INDEX ix_rooms_owner_id ON rooms (owner_id);

CREATE TABLE sessions (
  id VARCHAR(43) NOT NULL,
  user_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  last_used_at DATETIME(3) NOT NULL,
  user_agent VARCHAR(255) NOT NULL,
  address VARCHAR(45) NOT NULL,
  CONSTRAINT pk_sessions PRIMARY KEY (id),
  CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_sessions_last_used_at ON sessions (last_used_at);

CREATE INDEX ix_sessions_user_id ON sessions (user_id);

CREATE TABLE bans (
  room_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT pk_bans PRIMARY KEY (room_id, user_id),
  CONSTRAINT fk_bans_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE,
  CONSTRAINT fk_bans_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_bans_user_id ON bans (user_id);

CREATE TABLE clearings (
  id BIGINT NOT NULL AUTO_INCREMENT,
  room_id BIGINT NOT NULL,
  user_id BIGINT,
  cleared_by_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  line_seq BIGINT,
  cleared_at DATETIME(3) NOT NULL,
  settled BOOL NOT NULL,
  CONSTRAINT pk_clearings PRIMARY KEY (id),
  CONSTRAINT fk_clearings_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_clearings_cleared_at ON clearings (cleared_at);

CREATE INDEX ix_clearings_room_id ON clearings (room_id);

CREATE TABLE exports (
  id VARCHAR(32) NOT NULL,
  user_id BIGINT NOT NULL,
  room_id BIGINT,
  working_for BIGINT,
  state VARCHAR(16) NOT NULL,
  attempts INTEGER NOT NULL,
  done BIGINT NOT NULL,
  total BIGINT NOT NULL,
  size BIGINT NOT NULL,
  name VARCHAR(255) NOT NULL,
  locale VARCHAR(16) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  touched_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  CONSTRAINT pk_exports PRIMARY KEY (id),
  CONSTRAINT fk_exports_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT fk_exports_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE,
  CONSTRAINT uq_exports_working_for UNIQUE (working_for)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_exports_expires_at ON exports (expires_at);

CREATE INDEX ix_exports_room_id ON exports (room_id);

CREATE INDEX ix_exports_user_id ON exports (user_id);

CREATE TABLE invitations (
  id BIGINT NOT NULL AUTO_INCREMENT,
  token VARCHAR(43) NOT NULL,
  room_id BIGINT NOT NULL,
  inviter_id BIGINT,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3),
  uses_left INTEGER,
  CONSTRAINT pk_invitations PRIMARY KEY (id),
  CONSTRAINT uq_invitations_token UNIQUE (token),
  CONSTRAINT fk_invitations_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE,
  CONSTRAINT fk_invitations_inviter_id FOREIGN KEY(inviter_id) REFERENCES users (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_invitations_expires_at ON invitations (expires_at);

CREATE INDEX ix_invitations_inviter_id ON invitations (inviter_id);

CREATE INDEX ix_invitations_room_id ON invitations (room_id);

CREATE TABLE memberships (
  room_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  `role` VARCHAR(16) NOT NULL,
  joined_at DATETIME(3) NOT NULL,
  last_read_seq BIGINT NOT NULL,
  cleared_seq BIGINT NOT NULL,
  settled_seq BIGINT NOT NULL,
  muted_until DATETIME(3),
  notify VARCHAR(16) NOT NULL,
  CONSTRAINT pk_memberships PRIMARY KEY (room_id, user_id),
  CONSTRAINT fk_memberships_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE,
  CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_memberships_user_id ON memberships (user_id);

CREATE TABLE messages (
  room_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  version BIGINT NOT NULL,
  sender_id BIGINT NOT NULL,
  client_id BINARY(16) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  body TEXT NOT NULL,
  subject_id BIGINT,
  reply_to_seq BIGINT,
  file_id VARCHAR(32),
  created_at DATETIME(3) NOT NULL,
  edited_at DATETIME(3),
  deleted_at DATETIME(3),
  expires_at DATETIME(3),
  CONSTRAINT pk_messages PRIMARY KEY (room_id, seq),
  CONSTRAINT fk_messages_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE,
  CONSTRAINT fk_messages_sender_id FOREIGN KEY(sender_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_messages_expires_at ON messages (expires_at);

CREATE INDEX ix_messages_room_id_version ON messages (room_id, version);

CREATE UNIQUE INDEX ix_messages_sender_id_client_id ON messages (sender_id, client_id);

CREATE TABLE search_marks (
  room_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT pk_search_marks PRIMARY KEY (room_id),
  CONSTRAINT fk_search_marks_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE search_slices (
  room_id BIGINT NOT NULL,
  slot INTEGER NOT NULL,
  block INTEGER NOT NULL,
  content BLOB NOT NULL,
  CONSTRAINT pk_search_slices PRIMARY KEY (room_id, slot, block),
  CONSTRAINT fk_search_slices_room_id FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE files (
  id VARCHAR(32) NOT NULL,
  uploader_id BIGINT NOT NULL,
  blob_id VARCHAR(32),
  name VARCHAR(255) NOT NULL,
  size BIGINT NOT NULL,
  voice BOOL NOT NULL,
  purpose VARCHAR(16) NOT NULL,
  room_id BIGINT,
  seq BIGINT,
  recipient_id BIGINT,
  created_at DATETIME(3) NOT NULL,
  touched_at DATETIME(3) NOT NULL,
  CONSTRAINT pk_files PRIMARY KEY (id),
  CONSTRAINT fk_files_room_id_seq FOREIGN KEY(room_id, seq) REFERENCES messages (room_id, seq) ON DELETE SET NULL,
  CONSTRAINT fk_files_uploader_id FOREIGN KEY(uploader_id) REFERENCES users (id),
  CONSTRAINT fk_files_blob_id FOREIGN KEY(blob_id) REFERENCES blobs (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_files_blob_id ON files (blob_id);

CREATE INDEX ix_files_purpose_room_id ON files (purpose, room_id);

CREATE INDEX ix_files_room_id_seq ON files (room_id, seq);

CREATE INDEX ix_files_uploader_id ON files (uploader_id);

CREATE TABLE reactions (
  room_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  emoji VARCHAR(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT pk_reactions PRIMARY KEY (room_id, seq, user_id, emoji),
  CONSTRAINT fk_reactions_room_id_seq FOREIGN KEY(room_id, seq) REFERENCES messages (room_id, seq) ON DELETE CASCADE,
  CONSTRAINT fk_reactions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_reactions_user_id ON reactions (user_id);

CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO alembic_version (version_num) VALUES ('0008');
