import type { PoolClient, Queryable } from '@souk/service-runtime';

export interface PasswordOwner {
  userId: string;
  email: string;
  name: string;
  passwordHash: string;
}

const OWNER_COLUMNS = `u.id AS "userId", u.email, u.name, u.password_hash AS "passwordHash"`;

export async function findPasswordOwner(db: Queryable, userId: string): Promise<PasswordOwner | undefined> {
  const { rows } = await db.query<PasswordOwner>(`SELECT ${OWNER_COLUMNS} FROM users u WHERE u.id = $1`, [userId]);
  return rows[0];
}

/** Who may be sent a reset link: accounts that could log in. */
export async function findResettable(db: Queryable, emailCanonical: string): Promise<PasswordOwner | undefined> {
  const { rows } = await db.query<PasswordOwner>(
    `SELECT ${OWNER_COLUMNS} FROM users u WHERE u.email_canonical = $1 AND NOT u.disabled`,
    [emailCanonical],
  );
  return rows[0];
}

export interface NewPassword {
  userId: string;
  passwordHash: string;
  /** Write only if the hash is still this one: of two changes at once the second saw a password that is no more. */
  expectedHash?: string;
}

/** Sets the password and makes outstanding reset links worthless. False when the account or `expectedHash` is gone. */
export async function updatePassword(tx: PoolClient, next: NewPassword): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE users SET password_hash = $2 WHERE id = $1 AND ($3::text IS NULL OR password_hash = $3)`,
    [next.userId, next.passwordHash, next.expectedHash ?? null],
  );
  if (rowCount === 0) return false;
  await tx.query('DELETE FROM password_resets WHERE user_id = $1', [next.userId]);
  return true;
}

export interface NewPasswordReset {
  tokenHash: Buffer;
  userId: string;
  createdAt: Date;
  expiresAt: Date;
}

/**
 * Writes a link while the account has fewer than `openMax` that work; whether it did. The older ones are not replaced: a
 * stranger who asks again and again must neither void the link that its owner waits for nor fill the owner's mailbox.
 */
export async function insertPasswordReset(tx: PoolClient, reset: NewPasswordReset, openMax: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO password_resets (token_hash, user_id, created_at, expires_at)
     SELECT $1, u.id, $3, $4 FROM users u
      WHERE u.id = $2 AND NOT u.disabled
        AND (SELECT count(*) FROM password_resets r WHERE r.user_id = $2 AND r.expires_at > $3) < $5
        FOR SHARE OF u`,
    [reset.tokenHash, reset.userId, reset.createdAt, reset.expiresAt, openMax],
  );
  return rowCount === 1;
}

export async function findResetOwner(db: Queryable, tokenHash: Buffer, now: Date): Promise<PasswordOwner | undefined> {
  const { rows } = await db.query<PasswordOwner>(
    `SELECT ${OWNER_COLUMNS} FROM password_resets r JOIN users u ON u.id = r.user_id
      WHERE r.token_hash = $1 AND r.expires_at > $2 AND NOT u.disabled`,
    [tokenHash, now],
  );
  return rows[0];
}

/** Uses a reset token up; false when somebody else has, or it expired. */
export async function takePasswordReset(tx: PoolClient, tokenHash: Buffer, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query('DELETE FROM password_resets WHERE token_hash = $1 AND expires_at > $2', [
    tokenHash,
    now,
  ]);
  return rowCount === 1;
}
