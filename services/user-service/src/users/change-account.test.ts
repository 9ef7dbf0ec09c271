import { describe, expect, it } from 'vitest';
import { aUser } from '../../test/builders.ts';
import { decideAccountChange } from './change-account.ts';

describe('changing an account', () => {
  it('ends the sessions when roles or access change', () => {
    const user = aUser();
    expect(decideAccountChange(user, { roles: ['admin', 'customer'] }, 'another')).toEqual({
      roles: ['customer', 'admin'],
      disabled: false,
      losesAdministrator: false,
      endsSessions: true,
    });
    expect(decideAccountChange(user, { disabled: true }, 'another')).toMatchObject({
      disabled: true,
      endsSessions: true,
    });
  });

  it('ends no session when it changes nothing', () => {
    const user = aUser({ roles: ['customer', 'admin'] });
    for (const change of [{}, { roles: ['admin', 'customer'] as const }, { disabled: false }]) {
      expect(decideAccountChange(user, change, user.id)).toMatchObject({
        endsSessions: false,
        losesAdministrator: false,
      });
    }
  });

  it('notices that an administrator is taken away, by role or by disabling', () => {
    const admin = aUser({ roles: ['customer', 'admin'] });
    expect(decideAccountChange(admin, { roles: ['customer'] }, 'another').losesAdministrator).toBe(true);
    expect(decideAccountChange(admin, { disabled: true }, 'another').losesAdministrator).toBe(true);
    const disabled = aUser({ roles: ['customer', 'admin'], disabled: true });
    expect(decideAccountChange(disabled, { roles: ['customer'] }, 'another').losesAdministrator).toBe(false);
  });

  it('lets no administrator take the role from themselves', () => {
    const admin = aUser({ roles: ['customer', 'admin'] });
    for (const change of [{ roles: ['customer'] as const }, { disabled: true }]) {
      expect(() => decideAccountChange(admin, change, admin.id)).toThrow(
        expect.objectContaining({ code: 'last-admin' }),
      );
    }
  });
});
