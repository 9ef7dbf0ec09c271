import { Refusal } from '@souk/contracts';
import { defineRoute, page, pageQuery, pageSchema, pathIdSchema, type RouteDefinition, reply } from '@souk/http';
import type { Clock } from '@souk/service-runtime';
import { z } from 'zod';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { createListCursors } from '../newest-first.ts';
import { ownAddressInputSchema, ownAddressSchema, toAddressAnswer } from './address.ts';
import {
  ADDRESSES_PER_USER_MAX,
  deleteAddress,
  findAddress,
  insertAddress,
  listAddresses,
  replaceAddress,
} from './address-repository.ts';

export interface AddressRouteDeps {
  prisma: PrismaClient;
  clock: Clock;
  newId: () => string;
  cursorSecret: string;
}

const COLLECTION = '/api/v1/users/me/addresses';
const ITEM = `${COLLECTION}/{id}`;
const tags = ['Addresses'];
const bodyExample = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

const example = { id: '019aabcd-0000-7000-8000-000000000003', ...bodyExample, line2: null, phone: null };

function noSuchAddress(): Refusal {
  return new Refusal('not-found', 'No such address');
}

export function addressRoutes(deps: AddressRouteDeps): RouteDefinition[] {
  return [listRoute(deps), addRoute(deps), getRoute(deps), replaceRoute(deps), deleteRoute(deps)];
}

function listRoute({ prisma, cursorSecret }: AddressRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: COLLECTION,
    access: 'user',
    operationId: 'listAddresses',
    summary: 'The caller’s address book, newest first',
    tags,
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of addresses',
        schema: pageSchema(ownAddressSchema),
        example: { items: [example], nextCursor: null, total: 1 },
      },
    },
    problems: ['unavailable'],
    handler: async ({ query, caller: { userId } }) => {
      const cursors = createListCursors({ secret: cursorSecret, scope: `addresses:${userId}` });
      const { limit } = query;
      const { rows, total } = await listAddresses(prisma, { userId, after: cursors.after(query.cursor), limit });
      return reply.ok(page({ rows, limit, total, toItem: toAddressAnswer, cursorOf: cursors.of }));
    },
  });
}

function addRoute({ prisma, clock, newId }: AddressRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: COLLECTION,
    access: 'user',
    operationId: 'addAddress',
    summary: 'Add an address',
    description: `At most ${ADDRESSES_PER_USER_MAX} an account.`,
    tags,
    body: ownAddressInputSchema,
    bodyExample,
    responses: {
      201: { description: 'The address', schema: ownAddressSchema, example, headers: { Location: 'The address' } },
    },
    problems: ['conflict', 'unavailable'],
    handler: async ({ body, caller: { userId } }) => {
      const added = await insertAddress(prisma, clock, { id: newId(), userId, input: body });
      if (added === 'no-user') throw new Refusal('unauthorized', 'The account does not exist any more');
      if (added === 'too-many') {
        throw new Refusal('conflict', `Expected at most ${ADDRESSES_PER_USER_MAX} addresses; delete one first`);
      }
      return reply.created(`${COLLECTION}/${added.id}`, toAddressAnswer(added));
    },
  });
}

function getRoute({ prisma }: AddressRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: ITEM,
    access: 'user',
    operationId: 'getAddress',
    summary: 'One of the caller’s addresses',
    tags,
    params: pathIdSchema,
    responses: { 200: { description: 'The address', schema: ownAddressSchema, example } },
    problems: ['not-found', 'unavailable'],
    handler: async ({ params, caller }) => {
      const address = await findAddress(prisma, caller.userId, params.id);
      if (address === undefined) throw noSuchAddress();
      return reply.ok(toAddressAnswer(address));
    },
  });
}

function replaceRoute({ prisma, clock }: AddressRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'PUT',
    path: ITEM,
    access: 'user',
    operationId: 'replaceAddress',
    summary: 'Replace one of the caller’s addresses',
    tags,
    params: pathIdSchema,
    body: ownAddressInputSchema,
    bodyExample,
    responses: { 200: { description: 'The address', schema: ownAddressSchema, example } },
    problems: ['not-found', 'unavailable'],
    handler: async ({ params, body, caller }) => {
      const address = await replaceAddress(prisma, clock, { id: params.id, userId: caller.userId, input: body });
      if (address === undefined) throw noSuchAddress();
      return reply.ok(toAddressAnswer(address));
    },
  });
}

function deleteRoute({ prisma }: AddressRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'DELETE',
    path: ITEM,
    access: 'user',
    operationId: 'deleteAddress',
    summary: 'Delete one of the caller’s addresses',
    tags,
    params: pathIdSchema,
    responses: { 204: { description: 'The address is gone' } },
    problems: ['not-found', 'unavailable'],
    handler: async ({ params, caller }) => {
      if (!(await deleteAddress(prisma, caller.userId, params.id))) throw noSuchAddress();
      return reply.noContent();
    },
  });
}
