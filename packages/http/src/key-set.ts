import type { Logger } from '@souk/service-runtime';
import { type CryptoKey, importJWK } from 'jose';
import type { IdentityClient } from './identity-client.ts';

const REFRESH_INTERVAL_MS = 60_000;
/** Tokens are made by attackers too: an unknown `kid` is no reason to fetch more often than this. */
const RELOAD_COOLDOWN_MS = 10_000;
const RETRY_MS = { first: 100, max: 2_000 };
const KEYS_MAX = 32;

export interface VerificationKey {
  alg: 'EdDSA' | 'ES256';
  key: CryptoKey;
}

/** The issuer's public keys. Once fetched they stay while the issuer is down; a set is replaced only by a newer one. */
export interface KeySet {
  start(): void;
  stop(): void;
  /** The key named by a token's header; an unknown name reloads the set, at most once per 10 s. */
  find(keyId: string): Promise<VerificationKey | undefined>;
  isLoaded(): boolean;
}

export interface KeySetOptions {
  client: Pick<IdentityClient, 'fetchKeys'>;
  logger: Logger;
  /** Called when a key is gone: what it signed is no longer good. */
  onKeyGone(): void;
}

export function createKeySet({ client, logger, onKeyGone }: KeySetOptions): KeySet {
  let keys: ReadonlyMap<string, VerificationKey> | undefined;
  let loading: Promise<void> | undefined;
  let loadedAtMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopping = new AbortController();

  const load = async () => {
    loadedAtMs = performance.now();
    try {
      const next = await importKeys(await client.fetchKeys(stopping.signal));
      const isGone = [...(keys?.keys() ?? [])].some((keyId) => !next.has(keyId));
      keys = next;
      if (isGone) onKeyGone();
      if (failures > 0) logger.info({ keys: next.size }, 'Signing keys are known again');
      failures = 0;
    } catch (error) {
      if (stopping.signal.aborted) return;
      failures += 1;
      if (failures === 1) logger.warn({ error }, 'Signing keys could not be fetched; the known ones stay');
    }
  };
  const loadOnce = () => {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const loop = async () => {
    await loadOnce();
    if (stopping.signal.aborted) return;
    const backoffMs = Math.min(RETRY_MS.max, RETRY_MS.first * 2 ** Math.min(failures, 10));
    const waitMs = failures === 0 ? REFRESH_INTERVAL_MS : backoffMs;
    timer = setTimeout(() => void loop(), waitMs * (0.8 + Math.random() * 0.4)).unref();
  };

  return {
    start: () => {
      stopping = new AbortController();
      void loop();
    },
    stop: () => {
      stopping.abort();
      clearTimeout(timer);
    },
    async find(keyId) {
      const known = keys?.get(keyId);
      if (known !== undefined) return known;
      if (loading === undefined && performance.now() - loadedAtMs < RELOAD_COOLDOWN_MS) return undefined;
      await loadOnce();
      return keys?.get(keyId);
    },
    isLoaded: () => keys !== undefined,
  };
}

/** Only keys that say which of the two algorithms they are for; the rest of the document is not for us. */
async function importKeys(jwks: readonly Record<string, unknown>[]): Promise<Map<string, VerificationKey>> {
  const imported = new Map<string, VerificationKey>();
  for (const jwk of jwks.slice(0, KEYS_MAX)) {
    const { kid, kty, crv, x, y, use } = jwk;
    const alg = algorithmOf(kty, crv);
    if (typeof kid !== 'string' || typeof x !== 'string' || alg === undefined) continue;
    if (use !== undefined && use !== 'sig') continue;
    const publicJwk =
      alg === 'ES256' ? { kty: 'EC', crv: 'P-256', x, y: String(y) } : { kty: 'OKP', crv: 'Ed25519', x };
    const key = await importJWK(publicJwk, alg);
    if (!(key instanceof Uint8Array)) imported.set(kid, { alg, key });
  }
  return imported;
}

function algorithmOf(kty: unknown, crv: unknown): VerificationKey['alg'] | undefined {
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  return undefined;
}
