import { testPostgresUrl } from '@souk/testing';
import { describe, expect, it } from 'vitest';
import { findDrift } from './drift.mjs';

const MIGRATION = `
CREATE TABLE things (
  id uuid PRIMARY KEY,
  position bigint GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL CHECK (name <> ''),
  tags text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX things_name ON things (name) WHERE name <> 'x';
`;

const schemaWith = (fields: string) => `
datasource db {
  provider = "postgresql"
}
model Thing {
  id       String   @id @db.Uuid
  position BigInt   @default(autoincrement())
  tags     String[] @default([])
  ${fields}
  @@index([name], map: "things_name")
  @@map("things")
}
`;

const driftOf = (schema: string, sql = MIGRATION) =>
  findDrift({
    serverUrl: testPostgresUrl(),
    name: 'things-service',
    migrations: [{ name: '20260101000000_create_things', sql, checksum: '' }],
    schemaPath: '/prisma/schema.prisma',
    schema,
  });

describe('the drift check', () => {
  it('is content with migrations that lead to the schema', async () => {
    expect(await driftOf(schemaWith('name String'))).toBeUndefined();
  });

  it('names a column that no migration makes', async () => {
    expect(await driftOf(schemaWith('name String\n  colour String?'))).toContain('ADD COLUMN     "colour" TEXT');
  });

  it('names a column that the schema does not know', async () => {
    const sql = `${MIGRATION}; ALTER TABLE things ADD COLUMN size integer;`;
    expect(await driftOf(schemaWith('name String'), sql)).toContain('DROP COLUMN "size"');
  });

  it('names a difference of type and of nullability', async () => {
    expect(await driftOf(schemaWith('name String?'))).toContain('DROP NOT NULL');
    expect(await driftOf(schemaWith('name String @db.VarChar(20)'))).toContain('VARCHAR(20)');
  });

  it('says which migration does not run', async () => {
    const drift = driftOf(schemaWith('name String'), 'CREATE TABEL things ()');
    await expect(drift).rejects.toThrow(/20260101000000_create_things fails: syntax error/);
  });
});
