import type { Role } from '@souk/http';
import type { Clock, Logger, Pool } from '@souk/service-runtime';
import type { PasswordHasher } from '../passwords/password-hasher.ts';
import { canonicalEmail } from './email.ts';
import { insertUser, isEmailTaken } from './user-repository.ts';

/** Known to everybody who reads the manual: never where SEED_DEMO_DATA is not set. */
const DEMO_PASSWORD = 'correct-horse-battery';
const DEMO_USERS: readonly { email: string; name: string; roles: Role[] }[] = [
  { email: 'admin@souk.example', name: 'Amina Administrator', roles: ['customer', 'admin'] },
  { email: 'customer@souk.example', name: 'Carla Customer', roles: ['customer'] },
];

export interface SeedUsersDeps {
  pool: Pool;
  hasher: PasswordHasher;
  clock: Clock;
  newId: () => string;
  logger: Logger;
}

/** Writes the two demonstration accounts. Repeatable: one that exists stays as it is. Nobody is sent a welcome. */
export async function seedUsers(deps: SeedUsersDeps): Promise<void> {
  for (const { email, name, roles } of DEMO_USERS) {
    const emailCanonical = canonicalEmail(email);
    if (await isEmailTaken(deps.pool, emailCanonical)) continue;
    const passwordHash = await deps.hasher.hash(DEMO_PASSWORD);
    const now = deps.clock.now();
    const user = {
      id: deps.newId(),
      email,
      name,
      phone: null,
      roles,
      disabled: false,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    if (await insertUser(deps.pool, { user, emailCanonical, passwordHash }, [])) {
      deps.logger.info({ email, roles }, 'Created a demonstration account');
    }
  }
}
