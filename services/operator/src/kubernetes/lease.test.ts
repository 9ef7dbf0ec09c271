import { silentLogger, waitFor } from '@souk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelApiServer } from '../../test/model-api-server.ts';
import { aShop, ModelCluster } from '../../test/model-cluster.ts';
import { KubernetesError } from './client.ts';
import { createLease, type Lease } from './lease.ts';

let server: ModelApiServer;
let told: string[];
const leases: Lease[] = [];
beforeEach(() => {
  server = new ModelApiServer(new ModelCluster(aShop()));
  told = [];
});
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.stop()));
});

function aReplica(identity: string): Lease {
  const lease = createLease({
    client: server,
    namespace: 'operators',
    name: 'shop-operator',
    identity,
    logger: silentLogger(),
    onAcquired: () => void told.push(`${identity} leads`),
    onLost: () => void told.push(`${identity} lost`),
  });
  leases.push(lease);
  lease.start();
  return lease;
}

const holder = () => (server.others.get('Lease/shop-operator')?.spec as { holderIdentity?: string })?.holderIdentity;

describe('The lease', { timeout: 60_000 }, () => {
  it('makes one of two the leader, and the other one when the first gives it back', async () => {
    const first = aReplica('one');
    await waitFor(() => first.isLeader());
    const second = aReplica('two');
    const asked = server.calls.length;
    await waitFor(() => server.calls.length > asked + 3);
    expect([first.isLeader(), second.isLeader(), holder()]).toEqual([true, false, 'one']);
    await first.stop();
    await waitFor(() => second.isLeader());
    expect(holder()).toBe('two');
    expect(told).toEqual(['one leads', 'two leads']);
    expect(server.others.get('Lease/shop-operator')?.spec).toMatchObject({ leaseTransitions: 1 });
  });

  it('is lost to whoever else holds it', async () => {
    const lease = aReplica('one');
    await waitFor(() => lease.isLeader());
    const known = server.others.get('Lease/shop-operator') ?? expect.unreachable();
    server.others.set('Lease/shop-operator', { ...known, spec: { ...known.spec, holderIdentity: 'thief' } });
    server.sync();
    await waitFor(() => told.includes('one lost'));
    expect(lease.isLeader()).toBe(false);
    await lease.stop();
    expect(holder()).toBe('thief');
  });

  it('of two who create it at once is one’s', async () => {
    server.refuse = ({ method }) =>
      method === 'POST' ? new KubernetesError(409, 'AlreadyExists', 'it exists') : undefined;
    const lease = aReplica('one');
    await waitFor(() => server.calls.some((call) => call.startsWith('POST')));
    expect(lease.isLeader()).toBe(false);
  });

  it('is renewed when the API server is back', async () => {
    server.refuse = () => new KubernetesError(503, 'ServiceUnavailable', 'starting');
    const lease = aReplica('one');
    await waitFor(() => server.calls.length > 0);
    expect(lease.isLeader()).toBe(false);
    server.refuse = () => undefined;
    await waitFor(() => lease.isLeader());
  });
});
