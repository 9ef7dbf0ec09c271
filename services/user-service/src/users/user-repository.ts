import type { CloudEvent } from '@souk/contracts';
import { insertOutbox } from '@souk/outbox';
import { type Pool, type Queryable, transaction } from '@souk/service-runtime';
import { fromUserRow, USER_COLUMNS, type User } from './user.ts';

export interface Credentials {
  userId: string;
  passwordHash: string;
  disabled: boolean;
  /** The last success from the address in question. */
  knownAddressAt: Date | null;
}

export async function findCredentials(
  db: Queryable,
  emailCanonical: string,
  addressKey: string,
): Promise<Credentials | undefined> {
  const { rows } = await db.query<Credentials>(
    `SELECT u.id AS "userId", u.password_hash AS "passwordHash", u.disabled, k.last_success_at AS "knownAddressAt"
       FROM users u LEFT JOIN known_addresses k ON k.user_id = u.id AND k.address = $2
      WHERE u.email_canonical = $1`,
    [emailCanonical, addressKey],
  );
  return rows[0];
}

export interface NewUser {
  user: User;
  emailCanonical: string;
  passwordHash: string;
}

/** Writes the account and what it has to tell; false when the e-mail address is taken. */
export async function insertUser(
  pool: Pool,
  { user, emailCanonical, passwordHash }: NewUser,
  events: readonly CloudEvent[],
): Promise<boolean> {
  return transaction(pool, async (tx) => {
    const { rowCount } = await tx.query(
      `INSERT INTO users (id, email, email_canonical, name, phone, password_hash, roles, disabled, version, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       ON CONFLICT (email_canonical) DO NOTHING`,
      [
        user.id,
        user.email,
        emailCanonical,
        user.name,
        user.phone,
        passwordHash,
        user.roles,
        user.disabled,
        user.version,
        user.createdAt,
        user.updatedAt,
      ],
    );
    if (rowCount === 0) return false;
    await insertOutbox(tx, events);
    return true;
  });
}

export async function isEmailTaken(db: Queryable, emailCanonical: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT 1 FROM users WHERE email_canonical = $1', [emailCanonical]);
  return rowCount === 1;
}

/** Reads an account and keeps others from changing it until the transaction ends. */
export async function lockUser(tx: Queryable, id: string): Promise<User | undefined> {
  const { rows } = await tx.query<User>(`SELECT ${USER_COLUMNS} FROM users WHERE id = $1 FOR UPDATE`, [id]);
  const row = rows[0];
  return row === undefined ? undefined : fromUserRow(row);
}
