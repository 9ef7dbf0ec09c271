import type { KeyValueStore } from '@souk/key-value';
import { createInProcessKeyValueStore } from '@souk/key-value';
import { type Clock, systemClock } from '@souk/service-runtime';
import { startTestIdentity, startTestService, type TestIdentity, type TestService, waitFor } from '@souk/testing';
import { apiGateway } from '../src/app.ts';
import type { GatewayConfig } from '../src/config.ts';
import { startUpstreamServer, type UpstreamServer } from './upstream-server.ts';

/** The gateway in front of real servers that stand for the services. */
export interface GatewayWorld {
  url: string;
  gateway: TestService<GatewayConfig>;
  identity: TestIdentity;
  products: UpstreamServer;
  orders: UpstreamServer;
  stop(): Promise<void>;
}

export async function startGatewayWorld(
  options: { env?: Record<string, string>; keyValue?: KeyValueStore; clock?: Clock } = {},
): Promise<GatewayWorld> {
  const [identity, products, orders] = await Promise.all([
    startTestIdentity(),
    startUpstreamServer(),
    startUpstreamServer(),
  ]);
  const { clock = systemClock } = options;
  const keyValue = options.keyValue ?? createInProcessKeyValueStore({ clock, entriesMax: 10_000 });
  const gateway = await startTestService(apiGateway, {
    env: {
      USER_SERVICE_URL: identity.url,
      PRODUCT_SERVICE_URL: products.url,
      ORDER_SERVICE_URL: orders.url,
      // Nobody listens there.
      PAYMENT_SERVICE_URL: 'http://127.0.0.1:1',
      NOTIFICATION_SERVICE_URL: orders.url,
      ...options.env,
    },
    keyValue,
    clock,
  });
  await waitFor(async () => (await gateway.context.health.readiness()).ready);
  return {
    url: gateway.url,
    gateway,
    identity,
    products,
    orders,
    async stop() {
      await gateway.stop();
      await Promise.all([identity.stop(), products.close(), orders.close()]);
      await keyValue.close();
    },
  };
}
