import { idSchema, parseEvent, queueNameOf } from '@souk/contracts';
import {
  ATTEMPT_HEADER,
  type Broker,
  DEAD_LETTER_REASON_HEADER,
  type Delivery,
  type OutgoingMessage,
} from '@souk/messaging';
import { newId, type Queryable } from '@souk/service-runtime';

/** A message that was given up and waits for somebody to redrive or delete it. */
export interface DeadLetter {
  id: string;
  messageId: string | null;
  type: string | null;
  orderId: string | null;
  reason: string;
  attempts: number;
  deadLetteredAt: Date;
}

export interface DeadLetterMessage extends DeadLetter {
  contentType: string | null;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** On a message that is sent again: the id of the dead letter that it was. */
const REDRIVE_HEADER = 'x-redrive-of';

/**
 * Takes a message into the table. A message that waits there already is not taken twice: it comes again when the process
 * died between commit and ack. Without a message-id only a redelivery tells. One that was redriven and failed again is a new
 * dead letter, and the old one history, also where it is faster than whoever notes that it was redriven. Returns the new id,
 * or undefined.
 */
export async function storeDeadLetter(db: Queryable, delivery: Delivery): Promise<string | undefined> {
  const messageId = text(delivery.id);
  const id = newId();
  const { rowCount } = await db.query(
    `WITH came_back AS (
       UPDATE dead_letters SET redriven_at = now() WHERE id = $11 AND redriven_at IS NULL AND body = $9
     )
     INSERT INTO dead_letters (id, message_id, type, order_id, reason, attempts, content_type, headers, body)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
      WHERE NOT ($10 AND EXISTS (
        SELECT 1 FROM dead_letters d
         WHERE d.message_id IS NOT DISTINCT FROM $2 AND d.redriven_at IS NULL AND d.body = $9
           AND d.id IS DISTINCT FROM $11))`,
    [
      id,
      messageId,
      text(delivery.type),
      text(delivery.correlationId) ?? orderIdIn(delivery.body),
      text(reasonIn(delivery.headers)) ?? 'unknown',
      attemptsOf(delivery),
      text(delivery.contentType),
      JSON.stringify(delivery.headers),
      delivery.body,
      messageId !== null || delivery.redelivered,
      redrivenFrom(delivery.headers),
    ],
  );
  return rowCount === 1 ? id : undefined;
}

/** PostgreSQL takes no NUL in a text. */
function text(value: string | undefined): string | null {
  return value === undefined ? null : value.replaceAll('\0', '').toWellFormed().slice(0, 1_000);
}

function reasonIn(headers: Record<string, unknown>): string | undefined {
  const reason = headers[DEAD_LETTER_REASON_HEADER];
  return typeof reason === 'string' ? reason : undefined;
}

function redrivenFrom(headers: Record<string, unknown>): string | null {
  const id = idSchema.safeParse(headers[REDRIVE_HEADER]);
  return id.success ? id.data : null;
}

function attemptsOf(delivery: Delivery): number {
  const attempts = Number(delivery.headers[ATTEMPT_HEADER] ?? delivery.attempt);
  return Number.isSafeInteger(attempts) && attempts > 0 && attempts < 1_000_000 ? attempts : 1;
}

function orderIdIn(body: Buffer): string | null {
  const parsed = parseEvent(body);
  if (!parsed.ok || !('orderId' in parsed.event.data)) return null;
  return parsed.event.data.orderId ?? null;
}

const SUMMARY = `id, message_id AS "messageId", type, order_id AS "orderId", reason, attempts, dead_lettered_at AS "deadLetteredAt"`;

export interface DeadLetterPage {
  items: DeadLetter[];
  total: number;
}

/** Newest first, below the id `before` (ids are UUIDv7); those already redriven are history and not listed. */
export async function listDeadLetters(
  db: Queryable,
  options: { limit: number; before?: string | undefined },
): Promise<DeadLetterPage> {
  const { rows } = await db.query<DeadLetter>(
    `SELECT ${SUMMARY} FROM dead_letters
      WHERE redriven_at IS NULL AND ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
    [options.before ?? null, options.limit],
  );
  const counted = await db.query<{ total: number }>(
    'SELECT count(*)::int AS total FROM dead_letters WHERE redriven_at IS NULL',
  );
  return { items: rows, total: counted.rows[0]?.total ?? 0 };
}

export async function findDeadLetter(db: Queryable, id: string): Promise<DeadLetterMessage | undefined> {
  const { rows } = await db.query<Omit<DeadLetterMessage, 'headers'> & { headers: string }>(
    `SELECT ${SUMMARY}, content_type AS "contentType", headers, body FROM dead_letters WHERE id = $1 AND redriven_at IS NULL`,
    [id],
  );
  const [row] = rows;
  return row === undefined ? undefined : { ...row, headers: JSON.parse(row.headers) as Record<string, unknown> };
}

export async function deleteDeadLetter(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM dead_letters WHERE id = $1 AND redriven_at IS NULL', [id]);
  return rowCount === 1;
}

export interface RedriveOptions {
  service: string;
  broker: Broker;
  /** The id of the administrator, kept with the row. */
  redrivenBy: string;
}

/**
 * Publishes a dead letter to the service's queue again, with its original id, so that the inbox knows whether it was handled
 * after all. Marked only after the confirm: a crash in between repeats it, without a second effect. Returns false when the
 * broker did not take it.
 */
export async function redriveDeadLetter(db: Queryable, letter: Letter, options: RedriveOptions): Promise<boolean> {
  return (await redriveTogether(db, [letter], options)) === 1;
}

/** Enough that thousands go out within a request, few enough that the largest bodies fit into memory. */
const LETTERS_AT_ONCE = 20;

/**
 * Redrives all that were dead letters when it began, the newest first. One that fails again becomes a new dead letter, which
 * this round does not touch. Ends early when the broker does not confirm; returns how many went out.
 */
export async function redriveAllDeadLetters(db: Queryable, options: RedriveOptions): Promise<number> {
  let redriven = 0;
  let before: string | undefined;
  for (;;) {
    const { rows } = await db.query<Letter>(
      `SELECT ${SUMMARY}, body FROM dead_letters
        WHERE redriven_at IS NULL AND ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT ${LETTERS_AT_ONCE}`,
      [before ?? null],
    );
    const letters = rows.slice(0, firstRepeat(rows));
    const sent = await redriveTogether(db, letters, options);
    redriven += sent;
    if (letters.length === 0 || sent < letters.length) return redriven;
    before = letters.at(-1)?.id;
  }
}

/** Two letters of one message id go out one after the other: a queue in process takes the second for the first again. */
function firstRepeat(letters: readonly Letter[]): number {
  const ids = new Set<string>();
  const index = letters.findIndex(({ messageId }) => messageId !== null && ids.size === ids.add(messageId).size);
  return index === -1 ? letters.length : index;
}

type Letter = Pick<DeadLetterMessage, 'id' | 'messageId' | 'type' | 'orderId' | 'body'>;

async function redriveTogether(
  db: Queryable,
  letters: readonly Letter[],
  { broker, redrivenBy, service }: RedriveOptions,
): Promise<number> {
  if (letters.length === 0) return 0;
  const outcomes = await broker.sendToQueue(queueNameOf(service), letters.map(toMessage));
  const confirmed = letters.filter((_, index) => outcomes[index] === 'confirmed').map(({ id }) => id);
  await db.query('UPDATE dead_letters SET redriven_at = now(), redriven_by = $2 WHERE id = ANY ($1::uuid[])', [
    confirmed,
    redrivenBy,
  ]);
  return confirmed.length;
}

function toMessage(letter: Letter): OutgoingMessage {
  return {
    id: letter.messageId ?? letter.id,
    type: letter.type ?? 'unknown',
    body: letter.body,
    correlationId: letter.orderId ?? undefined,
    headers: { [REDRIVE_HEADER]: letter.id },
    mandatory: true,
  };
}
