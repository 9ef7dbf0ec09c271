import type { Role } from '@souk/http';
import { z } from 'zod';

/** Nobody may take the role from the last of them. */
export const ROLES = ['customer', 'admin'] as const satisfies readonly Role[];

export interface User {
  id: string;
  email: string;
  name: string;
  phone: string | null;
  roles: Role[];
  disabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

/** The columns that make a User, for hand-written SQL. */
export const USER_COLUMNS = `id, email, name, phone, roles, disabled, created_at AS "createdAt", updated_at AS "updatedAt", version`;

export const userSchema = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    phone: z.string().nullable(),
    roles: z.array(z.enum(ROLES)),
    disabled: z.boolean(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    version: z.int().min(1),
  })
  .meta({ id: 'User' });

export const USER_EXAMPLE = {
  id: '019aabcd-0000-7000-8000-000000000001',
  email: 'ada@souk.example',
  name: 'Ada Lovelace',
  phone: null,
  roles: ['customer'],
  disabled: false,
  createdAt: '2026-11-22T12:00:00.000Z',
  updatedAt: '2026-11-22T12:00:00.000Z',
  version: 1,
} satisfies z.infer<typeof userSchema>;

export type UserAnswer = z.infer<typeof userSchema>;

/** A row of Prisma's, whose roles are known to the CHECK constraint and not to the type. */
export function fromUserRow(row: Omit<User, 'roles'> & { roles: string[] }): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    phone: row.phone,
    roles: ROLES.filter((role) => row.roles.includes(role)),
    disabled: row.disabled,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    version: row.version,
  };
}

/** A User as it is answered. */
export function toUserAnswer(user: User): UserAnswer {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    phone: user.phone,
    roles: [...user.roles],
    disabled: user.disabled,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
    version: user.version,
  };
}
