// A relay as a process of its own: tests stop and kill it like a machine would.
import { QUEUES } from '@souk/contracts';
import { createRabbitMqBroker } from '@souk/messaging';
import { createLogger, createPool } from '@souk/service-runtime';
import { createRelay } from '../src/relay.ts';
import { testMetrics } from './fixtures.ts';

const { AMQP_URL: url = '', DATABASE_URL: databaseUrl = '', PREFIX: prefix = '', SERVICE: service = '' } = process.env;
const logger = createLogger({ service: 'relay', level: 'warn', format: 'json' });
const pool = createPool({ url: databaseUrl, max: 3, applicationName: 'relay process', logger });
const queues = QUEUES.filter((topology) => topology.service === service);
const broker = createRabbitMqBroker({ url, prefix, queues, retryDelaysMs: [0], logger });
await createRelay({ pool, broker, logger, metrics: testMetrics(), batchMax: 20 }).start();
