import type { Clock } from '@souk/service-runtime';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { fromUserRow, type User } from './user.ts';

export interface ProfileChange {
  name?: string | undefined;
  /** Null clears it. */
  phone?: string | null | undefined;
}

const VISIBLE = {
  id: true,
  email: true,
  name: true,
  phone: true,
  roles: true,
  disabled: true,
  createdAt: true,
  updatedAt: true,
  version: true,
} as const;

export async function findUser(prisma: PrismaClient, id: string): Promise<User | undefined> {
  const row = await prisma.user.findUnique({ where: { id }, select: VISIBLE });
  return row === null ? undefined : fromUserRow(row);
}

export interface ChangeProfile {
  id: string;
  /** The version the client has seen; undefined is answered when it is another one by now. */
  version: number;
  change: ProfileChange;
}

/** One conditional UPDATE: of several writers that saw the same version one gets through. */
export async function changeProfile(
  prisma: PrismaClient,
  clock: Clock,
  { id, version, change }: ChangeProfile,
): Promise<User | undefined> {
  const rows = await prisma.user.updateManyAndReturn({
    where: { id, version },
    data: {
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.phone === undefined ? {} : { phone: change.phone }),
      version: { increment: 1 },
      updatedAt: clock.now(),
    },
    select: VISIBLE,
  });
  const row = rows[0];
  return row === undefined ? undefined : fromUserRow(row);
}

export interface UserPageQuery {
  /** Part of a name or an e-mail address, without regard to case. */
  q: string | undefined;
  after: { createdAt: Date; id: string } | undefined;
  limit: number;
}

/** Accounts, newest first, one more than `limit`, and how many there are in all. */
export async function listUsers(prisma: PrismaClient, query: UserPageQuery): Promise<{ rows: User[]; total: number }> {
  const pattern = query.q?.replace(/[\\%_]/g, (wildcard) => `\\${wildcard}`);
  const matching =
    pattern === undefined
      ? {}
      : {
          OR: [
            { email: { contains: pattern, mode: 'insensitive' as const } },
            { name: { contains: pattern, mode: 'insensitive' as const } },
          ],
        };
  const { after } = query;
  const behind =
    after === undefined
      ? {}
      : { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] };
  const [rows, total] = await Promise.all([
    prisma.user.findMany({
      where: { AND: [matching, behind] },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: query.limit + 1,
      select: VISIBLE,
    }),
    prisma.user.count({ where: matching }),
  ]);
  return { rows: rows.map(fromUserRow), total };
}
