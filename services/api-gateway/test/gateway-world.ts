import type { KeyValueStore } from '@souk/key-value';
import { createInProcessKeyValueStore } from '@souk/key-value';
import { systemClock } from '@souk/service-runtime';
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
  options: { env?: Record<string, string>; keyValue?: KeyValueStore } = {},
): Promise<GatewayWorld> {
  const [identity, products, orders] = await Promise.all([
    startTestIdentity(),
    startUpstreamServer(),
    startUpstreamServer(),
  ]);
  const keyValue = options.keyValue ?? createInProcessKeyValueStore({ clock: systemClock, entriesMax: 10_000 });
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
  });
  await waitFor(async () => (await gateway.context.health.readiness()).ready, { timeoutMs: 5_000, everyMs: 20 });
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
