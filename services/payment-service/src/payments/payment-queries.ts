import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from '@souk/service-runtime';
import { PrismaClient } from '../generated/prisma/client.ts';
import type { Payment } from './payment.ts';
import type { RequestedRefund } from './request-refund.ts';

/** A payment as lists and pages show it. */
export interface PaymentView {
  id: string;
  orderId: string;
  userId: string;
  amount: { amount: number; currency: string };
  status: Payment['status'];
  failureCode: string | null;
  refunded: { amount: number; currency: string };
  createdAt: Date;
}

export interface PageOf<T> {
  /** At most `limit + 1`, so that the surplus one tells of a next page. */
  rows: T[];
  total: number;
}

interface PageOptions {
  limit: number;
  /** Only rows older than this id. */
  beforeId: string | undefined;
}

export interface PaymentQueries {
  findPayment(id: string): Promise<PaymentView | undefined>;
  listPayments(filter: { userId?: string; orderId?: string }, page: PageOptions): Promise<PageOf<PaymentView>>;
  listRefunds(paymentId: string, page: PageOptions): Promise<PageOf<RequestedRefund>>;
  /** Ends what the queries hold besides the pool. */
  close(): Promise<void>;
}

const SHOWN = {
  id: true,
  orderId: true,
  userId: true,
  amount: true,
  currency: true,
  status: true,
  failureCode: true,
  refunded: true,
  createdAt: true,
} as const;

interface ShownPayment {
  id: string;
  orderId: string;
  userId: string;
  amount: bigint;
  currency: string;
  status: string;
  failureCode: string | null;
  refunded: bigint;
  createdAt: Date;
}

function toView(row: ShownPayment): PaymentView {
  const { id, orderId, userId, currency, failureCode, createdAt } = row;
  return {
    id,
    orderId,
    userId,
    amount: { amount: Number(row.amount), currency },
    status: row.status as Payment['status'],
    failureCode,
    refunded: { amount: Number(row.refunded), currency },
    createdAt,
  };
}

/** The questions of the API; ids are UUIDv7, so newest first is the order of ids backwards. */
export function prismaPaymentQueries(pool: Pool): PaymentQueries {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    async findPayment(id) {
      const row = await prisma.payment.findUnique({ where: { id }, select: SHOWN });
      return row === null ? undefined : toView(row);
    },
    async listPayments(where, { limit, beforeId }) {
      const [rows, total] = await Promise.all([
        prisma.payment.findMany({
          where: beforeId === undefined ? where : { ...where, id: { lt: beforeId } },
          orderBy: { id: 'desc' },
          take: limit + 1,
          select: SHOWN,
        }),
        prisma.payment.count({ where }),
      ]);
      return { rows: rows.map(toView), total };
    },
    async listRefunds(paymentId, { limit, beforeId }) {
      const [rows, total] = await Promise.all([
        prisma.refund.findMany({
          where: beforeId === undefined ? { paymentId } : { paymentId, id: { lt: beforeId } },
          orderBy: { id: 'desc' },
          take: limit + 1,
          select: { id: true, amount: true, status: true, payment: { select: { currency: true } } },
        }),
        prisma.refund.count({ where: { paymentId } }),
      ]);
      return {
        rows: rows.map((row) => ({
          id: row.id,
          amount: { amount: Number(row.amount), currency: row.payment.currency },
          status: row.status as RequestedRefund['status'],
        })),
        total,
      };
    },
    close: () => prisma.$disconnect(),
  };
}
