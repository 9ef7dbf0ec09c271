import { phoneSchema, Refusal } from '@souk/contracts';
import { defineRoute, preconditionFailed, type RouteDefinition, reply, requireVersion } from '@souk/http';
import type { Clock } from '@souk/service-runtime';
import { z } from 'zod';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { type DeleteUserDeps, deleteUser } from './delete-user.ts';
import { changeProfile, findUser } from './prisma-user-repository.ts';
import { nameSchema } from './registration-routes.ts';
import { toUserAnswer, USER_EXAMPLE, type User, userSchema } from './user.ts';

export interface ProfileRouteDeps {
  prisma: PrismaClient;
  clock: Clock;
  delete: DeleteUserDeps;
}

const profileChangeSchema = z
  .strictObject({
    name: nameSchema.nullish(),
    phone: phoneSchema.nullish().meta({ description: 'Null clears it' }),
  })
  .meta({ id: 'ProfileChange' });

/** A token outlives its account for at most a second. */
function accountGone(): Refusal {
  return new Refusal('unauthorized', 'The account does not exist any more');
}

async function getOwn(prisma: PrismaClient, userId: string): Promise<User> {
  const user = await findUser(prisma, userId);
  if (user === undefined) throw accountGone();
  return user;
}

export function profileRoutes(deps: ProfileRouteDeps): RouteDefinition[] {
  return [getRoute(deps), changeRoute(deps), deleteRoute(deps)];
}

const path = '/api/v1/users/me';
const tags = ['Users'];

function getRoute({ prisma }: ProfileRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path,
    access: 'user',
    operationId: 'getProfile',
    summary: 'The caller’s account',
    tags,
    responses: {
      200: { description: 'The account', schema: userSchema, example: USER_EXAMPLE, headers: { ETag: 'The version' } },
    },
    problems: ['unavailable'],
    handler: async ({ caller }) => {
      const user = await getOwn(prisma, caller.userId);
      return reply.ok(toUserAnswer(user), { etag: user.version });
    },
  });
}

function changeRoute({ prisma, clock }: ProfileRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'PATCH',
    path,
    access: 'user',
    operationId: 'changeProfile',
    summary: 'Change name or phone of the caller',
    tags,
    ifMatch: true,
    body: profileChangeSchema,
    bodyOptional: true,
    bodyExample: { name: 'Ada King', phone: '+44 20 7946 0958' },
    responses: {
      200: {
        description: 'The account',
        schema: userSchema,
        example: USER_EXAMPLE,
        headers: { ETag: 'The new version' },
      },
    },
    problems: ['unavailable'],
    handler: async ({ caller, body, request }) => {
      const { version } = await getOwn(prisma, caller.userId);
      requireVersion(request, version);
      const change = { name: body.name ?? undefined, phone: body.phone };
      const user = await changeProfile(prisma, clock, { id: caller.userId, version, change });
      if (user === undefined) throw preconditionFailed();
      return reply.ok(toUserAnswer(user), { etag: user.version });
    },
  });
}

function deleteRoute(deps: ProfileRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'DELETE',
    path,
    access: 'user',
    operationId: 'deleteProfile',
    summary: 'Delete the caller’s account',
    description: 'Personal data is erased in every service; orders are kept without it.',
    tags,
    responses: { 204: { description: 'The account is gone, its tokens are dead' } },
    problems: ['last-admin', 'unavailable'],
    handler: async ({ caller, request }) => {
      await deleteUser(deps.delete, caller, request.traceparent);
      return reply.noContent();
    },
  });
}
