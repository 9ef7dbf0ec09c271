import { randomUUID } from 'node:crypto';
import { waitFor } from '@souk/testing';
import type { Platform } from '../../src/platform.ts';
import { PASSWORD } from '../../src/visitor.ts';
import type { Person, Subject } from '../subject.ts';

const ADDRESSES_MAX = 50;

/** Somebody new, logged in. */
export async function aPerson(subject: Subject): Promise<Person> {
  const email = `contract-${randomUUID()}@example.test`;
  const user = await subject.ask('registerUser', 201, { body: { email, password: PASSWORD, name: 'A Person' } });
  return { id: user.body.id, ...(await logIn(subject, email)) };
}

export async function logIn(subject: Subject, email: string): Promise<Omit<Person, 'id'>> {
  const { body } = await subject.ask('logIn', 200, { body: { email, password: PASSWORD } });
  return { email, token: body.accessToken, refreshToken: body.refreshToken };
}

export async function theAdministrator(subject: Subject): Promise<Person> {
  const admin = await logIn(subject, 'admin@souk.example');
  const { body } = await subject.ask('getProfile', 200, { as: admin });
  return { ...admin, id: body.id };
}

/** Registering, logging in, and what one changes about oneself. */
export async function accounts(subject: Subject): Promise<void> {
  const email = `contract-${randomUUID()}@example.test`;
  await subject.ask('registerUser', 201, { change: { email } });
  await subject.ask('registerUser', 'email-taken', { change: { email } });
  await subject.ask('logIn', 200, { change: {} });
  await subject.ask('logIn', 'invalid-credentials', { change: { password: 'not-the-password-at-all' } });

  const { headers } = await subject.ask('getProfile', 200);
  const etag = headers.get('etag') ?? '';
  await subject.ask('getProfile', 304, { headers: { 'if-none-match': etag } });
  await subject.ask('changeProfile', 200, { change: {}, headers: { 'if-match': etag } });

  const leaving = await aPerson(subject);
  await subject.ask('deleteProfile', 204, { as: leaving });
  await subject.ask('deleteProfile', 'last-admin', { as: 'admin' });
}

export async function addresses(subject: Subject): Promise<void> {
  const owner = await aPerson(subject);
  const { body: address } = await subject.ask('addAddress', 201, { as: owner, change: {} });
  const path = { id: address.id };
  await subject.ask('listAddresses', 200, { as: owner });
  await subject.ask('getAddress', 200, { as: owner, path });
  await subject.ask('replaceAddress', 200, { as: owner, path, change: {} });
  for (let count = 1; count < ADDRESSES_MAX; count += 1) {
    await subject.ask('addAddress', 201, { as: owner, change: {} });
  }
  await subject.ask('addAddress', 'conflict', { as: owner, change: {} });
  await subject.ask('deleteAddress', 204, { as: owner, path });
}

export async function sessions(subject: Subject): Promise<void> {
  const owner = await aPerson(subject);
  const other = await logIn(subject, owner.email);
  const { body: list } = await subject.ask('listSessions', 200, { as: owner });
  const theirs = list.items.find(({ current }) => !current);
  await subject.ask('endSession', 204, { as: owner, path: { id: theirs?.id ?? '' } });
  await subject.ask('refreshSession', 'invalid-refresh-token', { body: { refreshToken: other.refreshToken } });
  await subject.ask('refreshSession', 'invalid-refresh-token', { change: {} });
  await subject.ask('refreshSession', 200, { body: { refreshToken: owner.refreshToken } });
  await subject.ask('changePassword', 204, { as: owner, change: {} });
  const leaving = await aPerson(subject);
  await subject.ask('logOut', 204, { as: leaving });
}

/** The way back in, by mail. */
export async function forgottenPassword(subject: Subject, platform: Platform): Promise<void> {
  const owner = await aPerson(subject);
  await subject.ask('requestPasswordReset', 202, { change: {} });
  await subject.ask('requestPasswordReset', 202, { body: { email: owner.email } });
  const mail = await waitFor(
    async () =>
      (await platform.mails()).find(({ to, template }) => to.includes(owner.email) && template === 'password-reset'),
    { timeoutMs: 30_000, everyMs: 100, what: 'The mail with the link' },
  );
  const token = /reset-password\?token=([\w-]+)/.exec(mail.text)?.[1] ?? '';
  await subject.ask('confirmPasswordReset', 'invalid-reset-token', { change: {} });
  await subject.ask('confirmPasswordReset', 204, { change: { token } });
  await subject.ask('confirmPasswordReset', 'invalid-reset-token', { change: { token } });
}

export async function administration(subject: Subject): Promise<void> {
  const somebody = await aPerson(subject);
  await subject.ask('listUsers', 200, { query: { q: somebody.email } });
  const path = { id: somebody.id };
  const { headers } = await subject.ask('getUser', 200, { path });
  const etag = headers.get('etag') ?? '';
  await subject.ask('getUser', 304, { path, headers: { 'if-none-match': etag } });
  const made = await subject.ask('changeUser', 200, { path, change: {}, headers: { 'if-match': etag } });
  await subject.ask('changeUser', 200, {
    path,
    body: { roles: ['customer'] },
    headers: { 'if-match': made.headers.get('etag') ?? '' },
  });
  const admin = { id: subject.cast.admin?.id ?? '' };
  const own = await subject.ask('getUser', 200, { path: admin });
  await subject.ask('changeUser', 'last-admin', {
    path: admin,
    body: { roles: ['customer'] },
    headers: { 'if-match': own.headers.get('etag') ?? '' },
  });
}

/** What the verifiers of tokens ask user-service; at its own port alone. */
export async function verification(subject: Subject): Promise<void> {
  await subject.ask('getJwks', 200);
  const { body } = await subject.ask('listRevocations', 200);
  await subject.ask('listRevocations', 200, { query: { after: body.next } });
}
