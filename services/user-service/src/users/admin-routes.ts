import { Refusal, textSchema } from '@souk/contracts';
import { defineRoute, page, pageQuery, pageSchema, pathIdSchema, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { createListCursors } from '../newest-first.ts';
import { type ChangeAccountDeps, changeAccount } from './change-account.ts';
import { findUser, listUsers } from './prisma-user-repository.ts';
import { ROLES, toUserAnswer, USER_EXAMPLE, userSchema } from './user.ts';

export interface AdminRouteDeps {
  prisma: PrismaClient;
  cursorSecret: string;
  change: ChangeAccountDeps;
}

const accountChangeSchema = z
  .strictObject({
    roles: z
      .array(z.enum(ROLES))
      .min(1)
      .max(ROLES.length)
      .refine((roles) => new Set(roles).size === roles.length, 'expected each role once')
      .nullish(),
    disabled: z.boolean().nullish(),
  })
  .meta({ id: 'AccountChange' });

const tags = ['Administration'];

export function adminRoutes(deps: AdminRouteDeps): RouteDefinition[] {
  return [listRoute(deps), getRoute(deps), changeRoute(deps)];
}

function listRoute({ prisma, cursorSecret }: AdminRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/users',
    access: 'admin',
    operationId: 'listUsers',
    summary: 'Accounts, newest first',
    tags,
    query: z.strictObject({
      q: textSchema({ codePointsMax: 200, emptyAllowed: true })
        .meta({ description: 'Part of a name or an e-mail address, without regard to case' })
        .optional(),
      ...pageQuery,
    }),
    responses: {
      200: {
        description: 'A page of accounts',
        schema: pageSchema(userSchema),
        example: { items: [USER_EXAMPLE], nextCursor: null, total: 1 },
      },
    },
    problems: ['unavailable'],
    handler: async ({ query }) => {
      const q = query.q?.trim() === '' ? undefined : query.q;
      const cursors = createListCursors({ secret: cursorSecret, scope: `users:${q ?? ''}` });
      const { rows, total } = await listUsers(prisma, {
        q,
        after: cursors.after(query.cursor),
        limit: query.limit,
      });
      return reply.ok(page({ rows, limit: query.limit, total, toItem: toUserAnswer, cursorOf: cursors.of }));
    },
  });
}

function getRoute({ prisma }: AdminRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/users/{id}',
    access: 'admin',
    operationId: 'getUser',
    summary: 'An account',
    tags,
    params: pathIdSchema,
    responses: {
      200: { description: 'The account', schema: userSchema, example: USER_EXAMPLE, headers: { ETag: 'The version' } },
    },
    problems: ['not-found', 'unavailable'],
    handler: async ({ params }) => {
      const user = await findUser(prisma, params.id);
      if (user === undefined) throw new Refusal('not-found', 'No such user');
      return reply.ok(toUserAnswer(user), { etag: user.version });
    },
  });
}

function changeRoute(deps: AdminRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'PATCH',
    path: '/api/v1/users/{id}',
    access: 'admin',
    operationId: 'changeUser',
    summary: 'Change roles or access of an account',
    description: 'A change of roles and a disabling end all sessions of the account.',
    tags,
    params: pathIdSchema,
    body: accountChangeSchema,
    bodyOptional: true,
    bodyExample: { roles: ['customer', 'admin'] },
    responses: {
      200: {
        description: 'The account',
        schema: userSchema,
        example: USER_EXAMPLE,
        headers: { ETag: 'The new version' },
      },
    },
    problems: ['not-found', 'last-admin', 'unavailable'],
    handler: async ({ params, body, caller }) => {
      const change = { roles: body.roles ?? undefined, disabled: body.disabled ?? undefined };
      const user = await changeAccount(deps.change, { id: params.id, change, by: caller });
      return reply.ok(toUserAnswer(user), { etag: user.version });
    },
  });
}
