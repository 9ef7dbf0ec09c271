import type { Queryable } from '@souk/service-runtime';

export const SIGNING_ALGORITHM = 'ES256';

export interface SigningKeyRow {
  id: string;
  algorithm: string;
  publicJwk: string;
  privateSealed: string;
  createdAt: Date;
  signsFrom: Date;
}

export async function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  const { rows } = await db.query<SigningKeyRow>(
    `SELECT id, algorithm, public_jwk AS "publicJwk", private_sealed AS "privateSealed",
            created_at AS "createdAt", signs_from AS "signsFrom"
       FROM signing_keys ORDER BY signs_from, id`,
  );
  return rows;
}

/** One replica at a time decides about rotation; the lock ends with the transaction. */
export async function lockRotation(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('user-service:signing-keys'))`);
}

export async function insertSigningKey(tx: Queryable, key: SigningKeyRow): Promise<void> {
  await tx.query(
    `INSERT INTO signing_keys (id, algorithm, public_jwk, private_sealed, created_at, signs_from)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [key.id, key.algorithm, key.publicJwk, key.privateSealed, key.createdAt, key.signsFrom],
  );
}

export async function deleteSigningKeys(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM signing_keys WHERE id = ANY ($1::uuid[])', [ids]);
}
