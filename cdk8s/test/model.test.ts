import { describe, expect, it } from 'vitest';
import { DEV, PROD } from '../src/environments.ts';
import { type CheckInput, findModelProblems } from '../src/model/checks.ts';
import { SERVICES, type ServiceModel, wavesOf } from '../src/model/platform.ts';
import { listFolder } from './files.ts';
import { SETTINGS } from './service-settings.ts';

// The operator and the storefront are deployed by other means than these manifests.
const OTHERS: string[] = ['operator'];
const serviceFolders = listFolder('services').filter((name) => !OTHERS.includes(name) && !name.startsWith('.'));
const input = (changes: Partial<CheckInput> = {}): CheckInput => ({
  services: SERVICES,
  serviceFolders,
  settings: SETTINGS,
  environment: PROD.environment,
  ...changes,
});
const withService = (name: keyof typeof SERVICES, changes: Partial<ServiceModel>) => ({
  services: { ...SERVICES, [name]: { ...SERVICES[name], ...changes } },
});

describe('The model', () => {
  it('agrees with the folders, the events and the settings of all services', () => {
    expect(findModelProblems(input())).toEqual([]);
    expect(findModelProblems(input({ environment: DEV.environment }))).toEqual([]);
  });

  it('puts every service into a wave after all that it calls', () => {
    const waves = wavesOf(SERVICES);
    expect(waves[0]).toEqual(['user-service']);
    expect(waves.at(-1)).toEqual(['api-gateway']);
    expect(waves.flat().sort()).toEqual(Object.keys(SERVICES).sort());
  });

  it('finds a call that leads nowhere and calls in a circle', () => {
    const nowhere = withService('order-service', { calls: ['basket-service' as 'user-service'] });
    expect(findModelProblems(input(nowhere))).toContain('order-service calls basket-service, which is no service');
    const circle = withService('user-service', { calls: ['order-service'] });
    expect(findModelProblems(input(circle)).join()).toContain('form a cycle');
  });

  it('finds a service without a folder, a folder without a service and a database with two owners', () => {
    expect(findModelProblems(input({ serviceFolders: [...serviceFolders, 'basket-service'] }))).toEqual([
      'services/basket-service is not in the model',
    ]);
    expect(
      findModelProblems(input({ serviceFolders: serviceFolders.filter((name) => name !== 'user-service') })),
    ).toEqual(['user-service has no folder services/user-service']);
    expect(findModelProblems(input(withService('user-service', { database: 'orders' })))).toContain(
      'The database orders has 2 owners, expected one',
    );
  });

  it('finds a required variable that nobody supplies and a supplied one that nobody knows', () => {
    const gateway = SETTINGS['api-gateway'] ?? [];
    const more = { ...SETTINGS, 'api-gateway': [...gateway, { name: 'LICENCE_KEY', required: true, default: '' }] };
    expect(findModelProblems(input({ settings: more }))).toEqual([
      'api-gateway requires LICENCE_KEY, which the model does not supply',
    ]);
    const fewer = { ...SETTINGS, 'api-gateway': gateway.filter(({ name }) => name !== 'OPS_PORT') };
    expect(findModelProblems(input({ settings: fewer }))).toEqual([
      'api-gateway does not know OPS_PORT, which the model supplies',
    ]);
  });

  it('finds an event of a service without a broker', () => {
    expect(findModelProblems(input(withService('order-service', { broker: false }))).join()).toContain(
      'order-service takes part in order.created but has no broker',
    );
  });
});
