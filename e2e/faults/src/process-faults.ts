import { setTimeout as sleep } from 'node:timers/promises';
import type { Replica } from '../../src/distributed-platform.ts';
import { DATABASE_NAMES, type ServiceName } from '../../src/platform.ts';
import { type Fault, type FaultContext, FaultNotAsExpectedError } from './fault.ts';
import type { FaultPlatform } from './fault-platform.ts';
import type { FaultProxy, Watch } from './fault-proxy.ts';

const EXIT_WITHIN_MS = 25_000;
/** Under load every kill point comes by so soon, also on a busy machine. */
const REACHED_WITHIN_MS = 20_000;

async function startAgain({ platform }: FaultPlatform, service: ServiceName): Promise<void> {
  platform.startService(service);
  await platform.waitUntilReady(service);
}

/** Starts a service again whenever it has died, until what kills it is over. */
export async function keepAlive(context: FaultContext, service: ServiceName, over: Promise<void>): Promise<void> {
  const isDeadBefore = (other: Promise<unknown>) =>
    Promise.race([context.platform.childOf(service).ended.then(() => true), other.then(() => false)]);
  while (await isDeadBefore(over)) await startAgain(context, service);
  // The last signal may still be on its way.
  if (await isDeadBefore(sleep(500))) await startAgain(context, service);
}

/** SIGKILL, and a start after a while. */
export const kill = (service: ServiceName): Fault => ({
  async run(context) {
    const child = context.platform.childOf(service);
    child.signal('SIGKILL');
    await child.ended;
    await sleep(context.random.between(0, context.durationMs));
    await startAgain(context, service);
  },
});

/** SIGSTOP and SIGCONT: it wakes up believing that no time has passed. */
export const freeze = (service: ServiceName): Fault => ({
  async run({ platform, durationMs }) {
    const child = platform.childOf(service);
    child.signal('SIGSTOP');
    await sleep(durationMs);
    child.signal('SIGCONT');
  },
});

/** SIGTERM under load: it has to end by itself, in time and with exit code 0. */
export const terminate = (service: ServiceName): Fault => ({
  async run(context) {
    const child = context.platform.childOf(service);
    const startedAt = Date.now();
    child.signal('SIGTERM');
    const code = await child.ended;
    const tookMs = Date.now() - startedAt;
    if (code !== 0 || tookMs > EXIT_WITHIN_MS)
      throw new FaultNotAsExpectedError(`${service} ended with ${code} after ${tookMs} ms`);
    await startAgain(context, service);
  },
});

export type KillPoint = Pick<Watch, 'direction' | 'bytes'> & { within: number };

/** Protocol units by which a service is killed, at one of the first so many; the unit itself is swallowed. */
export const KILL_POINTS = {
  /** PostgreSQL never sees the COMMIT. */
  beforeCommit: { direction: 'to-server', bytes: Buffer.from('COMMIT'), within: 20 },
  /** The service never sees that it is done. */
  afterCommit: { direction: 'to-client', bytes: Buffer.from('COMMIT'), within: 20 },
  /** A statement that is a transaction of its own: Sync is what would commit it. */
  beforeStatement: { direction: 'to-server', bytes: Buffer.from([0x53, 0, 0, 0, 4]), within: 60 },
  /** ReadyForQuery outside of a transaction. */
  afterStatement: { direction: 'to-client', bytes: Buffer.from([0x5a, 0, 0, 0, 5, 0x49]), within: 60 },
  /** AMQP 0-9-1, class and method: basic.publish, basic.ack, basic.deliver. */
  atPublish: { direction: 'to-server', bytes: Buffer.from([0, 0x3c, 0, 0x28]), within: 15 },
  atConfirm: { direction: 'to-client', bytes: Buffer.from([0, 0x3c, 0, 0x50]), within: 15 },
  atDelivery: { direction: 'to-client', bytes: Buffer.from([0, 0x3c, 0, 0x3c]), within: 15 },
  atAck: { direction: 'to-server', bytes: Buffer.from([0, 0x3c, 0, 0x50]), within: 15 },
  atAnswer: { direction: 'to-client', bytes: Buffer.from('HTTP/1.1 20'), within: 20 },
} as const satisfies Record<string, KillPoint>;

/** Kills a service in the middle of what passes between it and something else. */
export function killAt(service: ServiceName, point: KillPoint, proxyOf: (context: FaultContext) => FaultProxy): Fault {
  return {
    async run(context) {
      const child = context.platform.childOf(service);
      const proxy = proxyOf(context);
      const hit = new Promise<boolean>((resolve) => {
        proxy.watch({
          ...point,
          nth: context.random.between(1, point.within),
          drop: true,
          onHit: () => {
            child.signal('SIGKILL');
            resolve(true);
          },
        });
      });
      const isHit = await Promise.race([hit, sleep(Math.max(context.durationMs * 3, REACHED_WITHIN_MS), false)]);
      proxy.heal();
      if (!isHit) throw new FaultNotAsExpectedError(`${service} has not come to the point where it is killed`);
      await child.ended;
      await startAgain(context, service);
    },
  };
}

export const killAtDatabase = (service: keyof typeof DATABASE_NAMES, point: KillPoint): Fault =>
  killAt(service, point, ({ databases }) => databases[DATABASE_NAMES[service]]);

export const killAtBroker = (service: ServiceName, point: KillPoint): Fault =>
  killAt(service, point, ({ brokers }) => brokers[service]);

/** Its clients never see the answer that it was giving. */
export const killAtAnswer = (service: ServiceName): Fault =>
  killAt(service, KILL_POINTS.atAnswer, ({ services }) => services[service]);

/** Two processes of one service; the first is frozen in the middle of its work and wakes up to find it done. */
export const replicaFrozen = (service: ServiceName): Fault => ({
  async run({ platform, durationMs }) {
    const replica = await platform.startReplica(service);
    const child = platform.childOf(service);
    child.signal('SIGSTOP');
    await sleep(durationMs);
    child.signal('SIGCONT');
    await sleep(500);
    await endReplica(replica);
  },
});

const NEWER_VERSION = new URL('newer-version.mjs', import.meta.url).href;

/** In the middle of an update: a newer version works beside this one, and both understand each other's events. */
export const besideNewer = (service: ServiceName): Fault => ({
  async run({ platform, durationMs }) {
    const replica = await platform.startReplica(service, { nodeArgs: ['--import', NEWER_VERSION] });
    await sleep(durationMs);
    await endReplica(replica);
  },
});

async function endReplica({ child }: Replica): Promise<void> {
  child.signal('SIGTERM');
  const code = await child.ended;
  if (code !== 0) throw new FaultNotAsExpectedError(`${child.name} ended with ${code}`);
}
