import { createEvent, Refusal } from '@souk/contracts';
import type { RateLimiter } from '@souk/http';
import type { Clock, Pool } from '@souk/service-runtime';
import type { PasswordHasher } from '../passwords/password-hasher.ts';
import type { PasswordPolicy } from '../passwords/password-policy.ts';
import { canonicalEmail } from './email.ts';
import type { User } from './user.ts';
import { insertUser, isEmailTaken } from './user-repository.ts';

export interface RegisterUser {
  email: string;
  password: string;
  name: string;
  signal?: AbortSignal | undefined;
  traceparent?: string | undefined;
}

export interface RegisterUserDeps {
  pool: Pool;
  hasher: PasswordHasher;
  policy: PasswordPolicy;
  accountLimit: Pick<RateLimiter, 'consume'>;
  clock: Clock;
  newId: () => string;
  wakeRelay: () => void;
}

/** Makes an account of a customer and tells of it (`user.registered`), in one transaction. */
export async function registerUser(deps: RegisterUserDeps, command: RegisterUser): Promise<User> {
  const { email, name, password } = command;
  const emailCanonical = canonicalEmail(email);
  await deps.accountLimit.consume(emailCanonical);
  deps.policy.assertHardToGuess(password, { email, name }, '/password');
  // Asked before the hash, which costs a thousand times more; the unique index decides.
  if (await isEmailTaken(deps.pool, emailCanonical)) throw emailTaken();
  const passwordHash = await deps.hasher.hash(password, command.signal);
  const now = deps.clock.now();
  const user: User = {
    id: deps.newId(),
    email,
    name,
    phone: null,
    roles: ['customer'],
    disabled: false,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  const event = createEvent({
    id: deps.newId(),
    type: 'user.registered',
    subject: user.id,
    time: now,
    traceparent: command.traceparent,
    data: { userId: user.id, email, name },
  });
  if (!(await insertUser(deps.pool, { user, emailCanonical, passwordHash }, [event]))) throw emailTaken();
  deps.wakeRelay();
  return user;
}

function emailTaken(): Refusal {
  return new Refusal('email-taken', 'An account with this e-mail address exists already');
}
