import type { Clock } from '@souk/service-runtime';
import type { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import type { ListPosition } from '../newest-first.ts';
import { type AddressInput, fromAddressRow, type OwnAddress } from './address.ts';

export const ADDRESSES_PER_USER_MAX = 50;

export interface AddressPageQuery {
  userId: string;
  after: ListPosition | undefined;
  limit: number;
}

/** Newest first, one more than `limit`, and how many there are in all. */
export async function listAddresses(
  prisma: PrismaClient,
  query: AddressPageQuery,
): Promise<{ rows: OwnAddress[]; total: number }> {
  const { userId, after } = query;
  const behind =
    after === undefined
      ? {}
      : { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] };
  const [rows, total] = await Promise.all([
    prisma.address.findMany({
      where: { userId, ...behind },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: query.limit + 1,
    }),
    prisma.address.count({ where: { userId } }),
  ]);
  return { rows: rows.map(fromAddressRow), total };
}

/** Only the owner's: somebody else's address is as unknown as one that does not exist. */
export async function findAddress(prisma: PrismaClient, userId: string, id: string): Promise<OwnAddress | undefined> {
  const row = await prisma.address.findFirst({ where: { id, userId } });
  return row === null ? undefined : fromAddressRow(row);
}

export type InsertedAddress = OwnAddress | 'too-many' | 'no-user';

export interface NewAddress {
  id: string;
  userId: string;
  input: AddressInput;
}

/** The lock on the owner makes several additions at once count one after the other. */
export async function insertAddress(
  prisma: PrismaClient,
  clock: Clock,
  { id, userId, input }: NewAddress,
): Promise<InsertedAddress> {
  return prisma.$transaction(async (tx) => {
    const locked = await tx.$executeRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR NO KEY UPDATE`;
    if (locked === 0) return 'no-user';
    if ((await tx.address.count({ where: { userId } })) >= ADDRESSES_PER_USER_MAX) return 'too-many';
    const now = clock.now();
    const data = { id, userId, ...toColumns(input), createdAt: now, updatedAt: now };
    return fromAddressRow(await tx.address.create({ data }));
  });
}

export async function replaceAddress(
  prisma: PrismaClient,
  clock: Clock,
  { id, userId, input }: NewAddress,
): Promise<OwnAddress | undefined> {
  const rows = await prisma.address.updateManyAndReturn({
    where: { id, userId },
    data: { ...toColumns(input), updatedAt: clock.now() },
  });
  const row = rows[0];
  return row === undefined ? undefined : fromAddressRow(row);
}

export async function deleteAddress(prisma: PrismaClient, userId: string, id: string): Promise<boolean> {
  const { count } = await prisma.address.deleteMany({ where: { id, userId } });
  return count === 1;
}

function toColumns(input: AddressInput) {
  return {
    name: input.name,
    line1: input.line1,
    line2: input.line2 ?? null,
    city: input.city,
    postalCode: input.postalCode,
    country: input.country,
    phone: input.phone ?? null,
  } satisfies Prisma.AddressUpdateManyMutationInput;
}
