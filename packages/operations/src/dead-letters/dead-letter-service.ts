import type { DeadLetter, DeadLetterMessage, SoukClient } from '@souk/client';

/** The services that consume, with their names in the operations of the API. */
const OWNERS = {
  'order-service': 'OrderService',
  'product-service': 'ProductService',
  'payment-service': 'PaymentService',
  'notification-service': 'NotificationService',
} as const;

export type ConsumingService = keyof typeof OWNERS;
export const CONSUMING_SERVICES = Object.keys(OWNERS) as ConsumingService[];

export function isConsumingService(name: string | undefined): name is ConsumingService {
  return name !== undefined && Object.hasOwn(OWNERS, name);
}

/** The dead letters of one service, by the operations API. */
export interface DeadLetterService {
  list(): AsyncGenerator<DeadLetter>;
  show(id: string): Promise<DeadLetterMessage>;
  /** How many went to the queue again. */
  redrive(id: string): Promise<number>;
  redriveAll(): Promise<number>;
  drop(id: string): Promise<void>;
}

export function createDeadLetterService(client: SoukClient, service: ConsumingService): DeadLetterService {
  const owner = OWNERS[service];
  return {
    list: () => client.items(`list${owner}DeadLetters`, { query: { limit: 100 } }),
    show: (id) => client.call(`get${owner}DeadLetter`, { path: { id } }),
    redrive: async (id) => (await client.call(`redrive${owner}DeadLetter`, { path: { id } })).redriven,
    redriveAll: async () => (await client.call(`redrive${owner}DeadLetters`)).redriven,
    drop: async (id) => {
      await client.call(`delete${owner}DeadLetter`, { path: { id } });
    },
  };
}
