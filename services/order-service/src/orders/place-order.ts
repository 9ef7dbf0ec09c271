import assert from 'node:assert';
import { type Address, type ProblemSlug, Refusal } from '@souk/contracts';
import {
  abandonIdempotent,
  beginIdempotent,
  completeIdempotent,
  type IdempotentRequest,
  type IdempotentStart,
  type Reply,
  replayReply,
} from '@souk/http';
import { type Queryable, transaction } from '@souk/service-runtime';
import { z } from 'zod';
import type { CartSource } from '../cart/cart-repository.ts';
import { placeNewOrder, priceLine } from './new-order.ts';
import type { PendingOrder } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { cartEmpty, cartOrderedMeanwhile, reservationKeepsClosing } from './order-errors.ts';
import { toOrderCreated } from './order-events.ts';
import { toOrderJson } from './order-json.ts';
import { type OrderPlacement, orderRepository } from './order-repository.ts';
import { addOrphan } from './release-orphans.ts';
import { scheduleNew } from './saga-schedule.ts';
import type { Reservation } from './stock-client.ts';
import { toChangeEntry } from './timeline.ts';

/** A line as the client asked for it; `index` is where it stands in the client's list. */
export interface ResolvedLine {
  productId: string;
  quantity: number;
  index: number;
}

export interface PlaceOrder {
  userId: string;
  email: string;
  /** Undefined: the cart. */
  lines: ResolvedLine[] | undefined;
  shippingAddress: Address;
  paymentMethod: string | null;
  key: Pick<IdempotentRequest, 'method' | 'path' | 'key' | 'fingerprint'>;
  /** The problem document of a refusal, as it will be answered and repeated. */
  toProblem: (refusal: Refusal) => Reply;
}

const stateSchema = z.object({
  lines: z.array(z.object({ productId: z.string(), quantity: z.int(), index: z.int() })),
  /** Set where the lines came from the cart: the number that the cart must still have. */
  cartGeneration: z.int().nullable(),
});
/** What a resumed request goes on from. */
type PlacementState = z.infer<typeof stateSchema>;

/** How often a reservation may turn out closed, or a resumed request be overtaken, before the client is asked to come again. */
const RESERVATION_TRIES_MAX = 3;

interface Placing {
  command: PlaceOrder;
  keyId: string;
  orderId: string;
  state: PlacementState;
}

/**
 * Transaction 1 notes the key with the new order's id and the lines. Then the stock is reserved under that id. Transaction
 * 2 writes the order, its message and the stored answer. Whatever dies in between, a retry goes on with the same id.
 */
export async function placeOrder(deps: OrderDependencies & { carts: CartSource }, command: PlaceOrder): Promise<Reply> {
  const initial = { resourceId: deps.newId(), state: await resolveLines(deps, command) };
  const { key, userId } = command;
  // Not flushed: what a crash of the database server may forget has no order yet, because transaction 2 would have flushed
  // both. The retry then starts over, and the first reservation ends as any that no order stands behind.
  const start = await beginIdempotent(deps.pool, { ...key, userId, newId: deps.newId, initial, flush: false });
  if (start.kind !== 'started' && start.kind !== 'resumed') return repeat(start);
  const state = stateSchema.parse(start.state);
  const orderId = start.resourceId ?? initial.resourceId;
  return await finish(deps, { command, keyId: start.id, orderId, state });
}

/** Throws where the key is at work or has another body. */
function repeat(start: IdempotentStart): Reply {
  const replayed = replayReply(start);
  assert(replayed, 'A key that is not ours to work on has an answer');
  return replayed;
}

async function resolveLines(
  deps: OrderDependencies & { carts: CartSource },
  command: PlaceOrder,
): Promise<PlacementState> {
  if (command.lines) return { lines: command.lines, cartGeneration: null };
  const cart = await deps.carts.readForOrder(deps.pool, command.userId);
  const lines = cart.items.map(({ productId, quantity }, index) => ({ productId, quantity, index }));
  return { lines, cartGeneration: cart.generation };
}

async function finish(deps: OrderDependencies & { carts: CartSource }, placing: Placing): Promise<Reply> {
  try {
    if (placing.state.lines.length === 0) throw cartEmpty();
    return await reserveAndWrite(deps, placing);
  } catch (error) {
    if (!(error instanceof Refusal) || !DECIDED_BY_STATE.has(error.code)) {
      // The outcome may be unknown: the key keeps the id, and only its lock is freed.
      await abandonIdempotent(deps.pool, placing.keyId).catch(() => {});
      throw error;
    }
    const problem = placing.command.toProblem(withClientPointers(error, placing.state.lines));
    await transaction(deps.pool, async (tx) => {
      await completeIdempotent(tx, placing.keyId, problem);
      // After a conflict over the cart the stock is reserved already.
      if (error.code === 'conflict') await addOrphan(tx, placing.orderId, deps.clock.now());
    });
    if (error.code === 'conflict') deps.stockIsDue();
    return problem;
  }
}

/** Stored and repeated: what the state of stock and cart decided. */
const DECIDED_BY_STATE: ReadonlySet<ProblemSlug> = new Set(['out-of-stock', 'validation', 'cart-empty', 'conflict']);

async function reserveAndWrite(deps: OrderDependencies & { carts: CartSource }, placing: Placing): Promise<Reply> {
  for (let tries = 1; tries <= RESERVATION_TRIES_MAX; tries += 1) {
    const reserved = await deps.stock.reserve(placing.orderId, placing.state.lines);
    if (reserved.kind === 'reserved') {
      const placement = toPlacement(deps, placing, reserved.reservation);
      if (await write(deps, placing, placement)) {
        deps.metrics.placed();
        deps.committed([placing.orderId]);
        return { status: placement.key.status, bodyText: placement.key.body, headers: placement.key.headers };
      }
    }
    // The reservation expired, or another request resumed this key when its lock had run out.
    const orderId = deps.newId();
    if (!(await renewOrderId(deps.pool, placing.keyId, orderId))) return await repeatOther(deps, placing.command);
    placing.orderId = orderId;
  }
  throw reservationKeepsClosing();
}

async function write(
  deps: OrderDependencies & { carts: CartSource },
  placing: Placing,
  placement: OrderPlacement,
): Promise<boolean> {
  const { cartGeneration, lines } = placing.state;
  if (cartGeneration === null) return await orderRepository.insert(deps.pool, placement);
  const { userId } = placing.command;
  const productIds = lines.map((line) => line.productId);
  return await transaction(deps.pool, async (tx) => {
    // Whether the key is still ours comes first: a retry of the order that emptied the cart repeats that order.
    if (!(await orderRepository.insert(tx, placement))) return false;
    const emptied = await deps.carts.empty(tx, {
      userId,
      generation: cartGeneration,
      productIds,
      at: deps.clock.now(),
    });
    if (!emptied) throw cartOrderedMeanwhile();
    return true;
  });
}

function toPlacement(deps: OrderDependencies, placing: Placing, reservation: Reservation): OrderPlacement {
  const order = toOrder(deps, placing, reservation);
  const message = toOrderCreated(order, { id: deps.newId(), at: order.createdAt });
  return {
    record: { order, timelineSequence: 1, ...scheduleNew(order, deps.timings) },
    change: { order, message },
    entry: { ...toChangeEntry(order, message), sequence: 1 },
    key: {
      id: placing.keyId,
      status: 201,
      body: JSON.stringify(toOrderJson(order)),
      headers: { location: `/api/v1/orders/${order.id}`, etag: `"${order.version}"` },
    },
  };
}

function toOrder(deps: OrderDependencies, placing: Placing, reservation: Reservation): PendingOrder {
  const { userId, email, shippingAddress, paymentMethod } = placing.command;
  const items = placing.state.lines.map(({ productId }) => {
    const item = reservation.items.find((reserved) => reserved.productId === productId);
    assert(item, 'A reservation holds every line it was asked for');
    return priceLine(item);
  });
  return placeNewOrder({
    id: placing.orderId,
    userId,
    email,
    items,
    shippingAddress,
    paymentMethod,
    reservationExpiresAt: reservation.expiresAt,
    placedAt: deps.clock.now(),
  });
}

/** False where the key has its answer already. */
async function renewOrderId(db: Queryable, keyId: string, orderId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    'UPDATE idempotency_keys SET resource_id = $2 WHERE id = $1 AND response_status IS NULL',
    [keyId, orderId],
  );
  return rowCount === 1;
}

async function repeatOther(deps: OrderDependencies, { key, userId }: PlaceOrder): Promise<Reply> {
  return repeat(await beginIdempotent(deps.pool, { ...key, userId, newId: deps.newId }));
}

/** product-service counts the lines it was sent; the client may have named a product twice. */
function withClientPointers(refusal: Refusal, lines: readonly ResolvedLine[]): Refusal {
  const errors = refusal.errors?.map(({ pointer, detail }) => ({
    pointer: pointer.replace(/^\/items\/(\d+)/, (all, line: string) => {
      const index = lines[Number(line)]?.index;
      return index === undefined ? all : `/items/${index}`;
    }),
    detail,
  }));
  return new Refusal(refusal.code, refusal.detail, { errors });
}
