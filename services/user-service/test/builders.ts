import type { User } from '../src/users/user.ts';

export function aUser(changes: Partial<User> = {}): User {
  return {
    id: '0198c0de-0000-7000-8000-000000000001',
    email: 'ada@souk.example',
    name: 'Ada Lovelace',
    phone: null,
    roles: ['customer'],
    disabled: false,
    createdAt: new Date('2026-11-22T12:00:00.000Z'),
    updatedAt: new Date('2026-11-22T12:00:00.000Z'),
    version: 1,
    ...changes,
  };
}
