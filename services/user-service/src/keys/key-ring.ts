import { Refusal } from '@souk/contracts';
import type { Sealer, VerificationKey } from '@souk/http';
import {
  type Clock,
  createSweep,
  type Logger,
  type Metrics,
  type Pool,
  transaction,
  type Worker,
} from '@souk/service-runtime';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { decideRotation, type KeyTurn, type RotationTimes } from './signing-key.ts';
import {
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
  lockRotation,
  SIGNING_ALGORITHM,
  type SigningKeyRow,
} from './signing-key-repository.ts';

export interface PublicJwk extends JWK {
  kid: string;
  alg: string;
  use: 'sig';
}

export interface SigningKey {
  kid: string;
  algorithm: string;
  privateKey: CryptoKey;
}

export interface KeyRing extends Worker {
  /** The key that signs now. Loads, and on the first start makes, what is missing. */
  current(): Promise<SigningKey>;
  /** The key of a token's `kid`; an unknown one is looked for again, at most once a second. */
  find(kid: string): Promise<VerificationKey | undefined>;
  /** RFC 7517 section 5. */
  jwks(): Promise<{ keys: PublicJwk[] }>;
  isLoaded(): boolean;
}

export interface KeyRingOptions {
  pool: Pool;
  /** For the private parts at rest. */
  sealer: Sealer;
  times: RotationTimes;
  clock: Clock;
  newId: () => string;
  logger: Logger;
  metrics: Metrics;
}

interface LoadedKey extends KeyTurn {
  row: SigningKeyRow;
  publicJwk: PublicJwk;
  verification: VerificationKey;
  privateKey: CryptoKey | undefined;
}

/** Rows change rarely; a key is published at least `publishLeadMs` before its turn, several times this interval. */
const REFRESH_INTERVAL_MS_MAX = 30_000;
const UNKNOWN_KID_PAUSE_MS = 1_000;

/** The signing keys of all replicas, kept in the database and rotated with overlap. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { clock, logger, times } = options;
  let keys: LoadedKey[] = [];
  let loading: Promise<void> | undefined;
  let lookedForUnknownAt = 0;

  const refresh = (): Promise<void> => {
    loading ??= loadAndRotate(options, keys)
      .then((loaded) => {
        keys = loaded;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  const decide = () => decideRotation(keys, clock.now(), times);
  const sweep = createSweep({
    name: 'signing-key-rotation',
    intervalMs: Math.max(500, Math.min(REFRESH_INTERVAL_MS_MAX, times.publishLeadMs / 4)),
    run: refresh,
    logger,
    metrics: options.metrics,
  });

  return {
    name: 'key-ring',
    start: () => sweep.start(),
    stop: () => sweep.stop(),
    isLoaded: () => keys.length > 0,
    async current() {
      const find = () => keys.find((key) => key.id === decide().current);
      let key = find();
      if (key?.privateKey === undefined) {
        await refresh();
        key = find();
      }
      if (key?.privateKey === undefined) throw new Refusal('unavailable', 'No token can be signed at the moment');
      return { kid: key.id, algorithm: key.row.algorithm, privateKey: key.privateKey };
    },
    async find(kid) {
      const find = () => keys.find((key) => key.id === kid)?.verification;
      const now = clock.now().getTime();
      if (find() === undefined && now - lookedForUnknownAt >= UNKNOWN_KID_PAUSE_MS) {
        lookedForUnknownAt = now;
        await refresh();
      }
      return find();
    },
    async jwks() {
      if (keys.length === 0) await refresh();
      const { published } = decide();
      return { keys: keys.filter((key) => published.includes(key.id)).map((key) => key.publicJwk) };
    },
  };
}

async function loadAndRotate(options: KeyRingOptions, known: readonly LoadedKey[]): Promise<LoadedKey[]> {
  const { pool, times, clock, logger } = options;
  let keys = await loadKeys(options, await listSigningKeys(pool), known);
  const decision = decideRotation(keys, clock.now(), times);
  if (decision.create === undefined && decision.expired.length === 0) return keys;
  const spare = decision.create === undefined ? undefined : await createKey(options);
  const rows = await transaction(pool, async (tx) => {
    await lockRotation(tx);
    // Another replica may have been faster: what was due is judged again under the lock.
    const locked = await loadKeys(options, await listSigningKeys(tx), keys);
    const now = clock.now();
    const due = decideRotation(locked, now, times);
    if (due.create !== undefined && spare !== undefined) {
      await insertSigningKey(tx, { ...spare, createdAt: now, signsFrom: due.create.signsFrom });
      logger.info({ kid: spare.id, signsFrom: due.create.signsFrom }, 'Created a signing key');
    }
    if (due.expired.length > 0) await deleteSigningKeys(tx, due.expired);
    return listSigningKeys(tx);
  });
  keys = await loadKeys(options, rows, keys);
  return keys;
}

async function loadKeys(
  options: KeyRingOptions,
  rows: readonly SigningKeyRow[],
  known: readonly LoadedKey[],
): Promise<LoadedKey[]> {
  return Promise.all(rows.map((row) => known.find((key) => key.id === row.id) ?? loadKey(options, row)));
}

async function loadKey(options: KeyRingOptions, row: SigningKeyRow): Promise<LoadedKey> {
  const jwk: JWK = JSON.parse(row.publicJwk);
  const privateKey = await openPrivateKey(options, row);
  return {
    id: row.id,
    signsFrom: row.signsFrom,
    usable: privateKey !== undefined,
    row,
    publicJwk: { ...jwk, kid: row.id, alg: row.algorithm, use: 'sig' },
    verification: {
      alg: row.algorithm === 'EdDSA' ? 'EdDSA' : 'ES256',
      key: (await importJWK(jwk, row.algorithm)) as CryptoKey,
    },
    privateKey,
  };
}

/** After a change of INTERNAL_SECRET the old private parts stay shut: such a key verifies, and another one signs. */
async function openPrivateKey(options: KeyRingOptions, row: SigningKeyRow): Promise<CryptoKey | undefined> {
  try {
    const jwk: JWK = JSON.parse(await options.sealer.open(row.privateSealed));
    return (await importJWK(jwk, row.algorithm)) as CryptoKey;
  } catch {
    options.logger.warn({ kid: row.id }, 'Could not open a signing key: it verifies, but does not sign');
    return undefined;
  }
}

async function createKey(options: KeyRingOptions) {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  return {
    id: options.newId(),
    algorithm: SIGNING_ALGORITHM,
    publicJwk: JSON.stringify(await exportJWK(pair.publicKey)),
    privateSealed: await options.sealer.seal(JSON.stringify(await exportJWK(pair.privateKey))),
  };
}
