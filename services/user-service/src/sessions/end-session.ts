import { Refusal } from '@souk/contracts';
import type { Caller } from '@souk/http';
import type { Clock, Pool } from '@souk/service-runtime';
import { endSessions } from '../revocations/revocation-repository.ts';
import type { SessionLiveness } from './session-liveness.ts';

export interface EndSessionDeps {
  pool: Pool;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
}

/** Ends the session of the presented token. */
export async function logOut(deps: EndSessionDeps, caller: Caller): Promise<void> {
  const { userId, sessionId } = caller;
  const ended = await endSessions(deps.pool, { userId, sessionId }, { at: deps.clock.now(), reason: 'logout' });
  // Another request was faster: of two logouts at once one is too late.
  if (ended.length === 0) throw new Refusal('unauthorized', 'The session has ended');
  await deps.liveness.announceEnded(ended);
}

/** Ends one of the caller's sessions, the current one included. */
export async function endOwnSession(deps: EndSessionDeps, caller: Caller, sessionId: string): Promise<void> {
  const selection = { userId: caller.userId, sessionId };
  const ended = await endSessions(deps.pool, selection, { at: deps.clock.now(), reason: 'ended-by-user' });
  if (ended.length === 0) throw new Refusal('not-found', 'No such session');
  await deps.liveness.announceEnded(ended);
}
