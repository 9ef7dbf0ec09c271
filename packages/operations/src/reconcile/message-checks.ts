import { EVENTS, type EventType } from '@souk/contracts';
import { type Check, type CheckContext, PAGE_SIZE, sqlCheck } from './check.ts';
import type { Discrepancy } from './discrepancy.ts';
import { DATABASE_NAMES, type DatabaseName } from './shop-databases.ts';

/** What was told, and whether everybody has heard it. */
export const MESSAGE_CHECKS: readonly Check[] = [
  ...DATABASE_NAMES.map((database) =>
    sqlCheck({
      name: `published-${database}`,
      rule: `Every event of the database ${database} was published`,
      database,
      sql: `SELECT format('%s %s', type, id) AS subject, 'published' AS expected, 'not published' AS found
            FROM outbox WHERE published_at IS NULL AND created_at < now() - least($1::interval, interval '30 seconds')`,
    }),
  ),
  {
    name: 'event-received',
    rule: 'Every published event was taken by each of its consumers, or waits as a dead letter',
    run: async (context) => (await Promise.all(DATABASE_NAMES.map((name) => lostFrom(context, name)))).flat(),
  },
  {
    name: 'event-known',
    rule: 'No consumer has taken an event that nobody told',
    run: async (context) => (await Promise.all(DATABASE_NAMES.map((name) => unknownIn(context, name)))).flat(),
  },
  ...DATABASE_NAMES.map((database) =>
    sqlCheck({
      name: `no-forgotten-transaction-${database}`,
      rule: `No transaction stands open in the database ${database} without doing anything`,
      database,
      sql: `SELECT format('connection %s (%s)', pid, application_name) AS subject, 'no transaction, or one at work' AS expected,
                   'idle in transaction' AS found
            FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND state_change < now() - interval '5 seconds'`,
    }),
  ),
];

const DATABASE_OF_SERVICE: Readonly<Record<string, DatabaseName>> = {
  'user-service': 'users',
  'product-service': 'products',
  'order-service': 'orders',
  'payment-service': 'payments',
  'notification-service': 'notifications',
};

const databaseOf = (service: string): DatabaseName => DATABASE_OF_SERVICE[service] ?? 'notifications';

const CONSUMED = (Object.keys(EVENTS) as EventType[]).filter((type) => EVENTS[type].consumers.length > 0);

interface MessageRow {
  id: string;
  type: EventType;
}

/** Inboxes are kept for seven days. */
const REMEMBERED = `interval '6 days'`;

async function* pages(
  { databases, patienceMs }: CheckContext,
  database: DatabaseName,
  sql: string,
): AsyncGenerator<MessageRow[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const values = [after, PAGE_SIZE, `${patienceMs} milliseconds`, CONSUMED];
    const rows = await databases.select<MessageRow>(database, sql, values);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_SIZE) return;
    after = last.id;
  }
}

async function lostFrom(context: CheckContext, database: DatabaseName): Promise<Discrepancy[]> {
  const lost: Discrepancy[] = [];
  const told = `SELECT id, type FROM outbox WHERE id > $1::uuid AND type = ANY($4::text[])
    AND published_at BETWEEN now() - ${REMEMBERED} AND now() - $3::interval ORDER BY id LIMIT $2`;
  for await (const rows of pages(context, database, told)) {
    const services = [...new Set(rows.flatMap(({ type }) => EVENTS[type].consumers))];
    for (const service of services) {
      const expected = rows.filter(({ type }) => EVENTS[type].consumers.includes(service));
      const heard = await heardBy(context, service, expected);
      for (const { id, type } of expected) {
        if (!heard.has(id))
          lost.push({
            subject: `${type} ${id}`,
            expected: `taken by ${service}`,
            found: 'neither taken nor a dead letter',
          });
      }
    }
  }
  return lost;
}

async function heardBy({ databases }: CheckContext, service: string, rows: MessageRow[]): Promise<Set<string>> {
  const found = await databases.select<{ id: string }>(
    databaseOf(service),
    `SELECT message_id::text AS id FROM inbox WHERE consumer = $1 AND message_id = ANY($2::uuid[])
     UNION SELECT message_id FROM dead_letters WHERE redriven_at IS NULL AND message_id = ANY($2::text[])`,
    [service, rows.map(({ id }) => id)],
  );
  return new Set(found.map(({ id }) => id));
}

/** user-service consumes nothing and has no inbox. */
async function unknownIn(context: CheckContext, database: DatabaseName): Promise<Discrepancy[]> {
  if (database === 'users') return [];
  const unknown: Discrepancy[] = [];
  const taken = `SELECT message_id AS id, type FROM inbox WHERE message_id > $1::uuid AND type = ANY($4::text[])
    AND received_at BETWEEN now() - ${REMEMBERED} AND now() - $3::interval ORDER BY message_id LIMIT $2`;
  for await (const rows of pages(context, database, taken)) {
    const told = new Set<string>();
    for (const producer of new Set(rows.map(({ type }) => EVENTS[type].producer))) {
      const ids = rows.filter(({ type }) => EVENTS[type].producer === producer).map(({ id }) => id);
      const found = await context.databases.select<{ id: string }>(
        databaseOf(producer),
        'SELECT id FROM outbox WHERE id = ANY($1::uuid[])',
        [ids],
      );
      for (const { id } of found) told.add(id);
    }
    for (const { id, type } of rows) {
      if (!told.has(id))
        unknown.push({
          subject: `${type} ${id}`,
          expected: `told by ${EVENTS[type].producer}`,
          found: `taken in ${database} only`,
        });
    }
  }
  return unknown;
}
