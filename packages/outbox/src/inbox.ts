import type { CloudEvent, EventType, SoukEvent } from '@souk/contracts';
import type { PoolClient } from '@souk/service-runtime';

/** The part of a consumer's options that decides what an event does. */
export interface Consumer {
  service: string;
  handlers: Readonly<Partial<Record<EventType, (tx: PoolClient, events: CloudEvent[]) => Promise<void>>>>;
  onNewEvents?: ((tx: PoolClient, events: SoukEvent[]) => Promise<void>) | undefined;
  onRedrive?: ((tx: PoolClient, events: SoukEvent[]) => Promise<void>) | undefined;
}

export interface InboxResult {
  /** How many of the events were known already. */
  duplicates: number;
}

export interface Inbox {
  receive(tx: PoolClient, events: readonly SoukEvent[]): Promise<InboxResult>;
}

/** Notes the ids and hands on what is new, in one transaction with its effect. */
export function createInbox({ handlers, onNewEvents, onRedrive, service }: Consumer): Inbox {
  async function handleRuns(tx: PoolClient, news: readonly SoukEvent[]): Promise<void> {
    for (const run of runsByType(news)) {
      const [first] = run;
      if (first !== undefined) await handlers[first.type]?.(tx, run);
    }
  }

  return {
    async receive(tx, events) {
      const unique = uniqueById(events);
      const newIds = await noteIds(tx, service, unique);
      const news = unique.filter((event) => newIds.has(event.id));
      if (onNewEvents === undefined) await handleRuns(tx, news);
      else if (news.length > 0) await onNewEvents(tx, news);
      const redriven = unique.filter((event) => event.redrive !== undefined && !newIds.has(event.id));
      if (redriven.length > 0) await onRedrive?.(tx, redriven);
      return { duplicates: events.length - newIds.size };
    },
  };
}

/**
 * In the order of the ids, because a consumer of another replica may be noting the same ones: in any other order the two
 * could wait for each other. ON CONFLICT, not a caught unique violation: that would abort the transaction (25P02).
 */
async function noteIds(tx: PoolClient, service: string, events: readonly SoukEvent[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ message_id: string }>({
    name: 'note messages',
    text: `INSERT INTO inbox (consumer, message_id, type)
     SELECT $1, * FROM unnest($2::uuid[], $3::text[]) AS arrived (message_id, type) ORDER BY message_id
         ON CONFLICT DO NOTHING RETURNING message_id`,
    values: [service, events.map((event) => event.id), events.map((event) => event.type)],
  });
  return new Set(rows.map((row) => row.message_id));
}

/** In one batch a message may stand twice; the copy that is redriven wins, because it asks for more. */
function uniqueById(events: readonly SoukEvent[]): SoukEvent[] {
  const byId = new Map<string, SoukEvent>();
  for (const event of events) {
    if (!byId.has(event.id) || event.redrive !== undefined) byId.set(event.id, event);
  }
  return [...byId.values()];
}

/** Consecutive events of one type: a handler gets as many as possible in one call, and the order of arrival is kept. */
function runsByType(events: readonly SoukEvent[]): SoukEvent[][] {
  const runs: SoukEvent[][] = [];
  for (const event of events) {
    const last = runs.at(-1);
    if (last?.[0]?.type === event.type) last.push(event);
    else runs.push([event]);
  }
  return runs;
}
