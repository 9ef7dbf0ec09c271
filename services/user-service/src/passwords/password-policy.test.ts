import { Refusal } from '@souk/contracts';
import { describe, expect, it } from 'vitest';
import { createCommonPasswords } from './common-passwords.ts';
import { COMMON_PASSWORDS_COUNT } from './common-passwords-list.ts';
import { createPasswordPolicy, newPasswordSchema, presentedPasswordSchema } from './password-policy.ts';

const policy = createPasswordPolicy(createCommonPasswords());
const OWNER = { email: 'Ada.Lovelace@souk.example', name: 'Ada Augusta Lovelace' };

function refusalOf(password: string): Refusal | undefined {
  try {
    policy.assertHardToGuess(password, OWNER, '/password');
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

describe('a new password', () => {
  it.each([['a'.repeat(12)], ['🔑'.repeat(12)], ['🔑'.repeat(128)], ['            '], [' leading and trailing ']])(
    '%j is long enough and short enough, counted in code points',
    (password) => {
      expect(newPasswordSchema.safeParse(password).success).toBe(true);
    },
  );

  it.each([['a'.repeat(11)], ['🔑'.repeat(11)], ['🔑'.repeat(129)], ['a'.repeat(129)], ['a'.repeat(1_000_000)]])(
    'of the wrong length is refused (%#)',
    (password) => {
      expect(newPasswordSchema.safeParse(password).success).toBe(false);
    },
  );

  it.each([['nul\u0000nul-nul-nul'], ['line\nline-line-line'], ['\ud800-surrogate-alone'], ['surrogate-alone-\udfff']])(
    '%j has characters that no password may have',
    (password) => {
      expect(newPasswordSchema.safeParse(password).success).toBe(false);
      expect(presentedPasswordSchema.safeParse(password).success).toBe(false);
    },
  );

  it.each([
    ['123456789012'],
    ['PASSWORD1234'],
    ['Qwerty123456'],
    ['1q2w3e4r5t6y'],
    ['administrator'],
    ['unbelievable'],
  ])('%s is on the list of the most used ones, whatever its case', (password) => {
    expect(refusalOf(password)?.errors).toEqual([
      { pointer: '/password', detail: 'expected a password that is not among the most used ones' },
    ]);
  });

  it.each([['ada.lovelace@souk.example'], ['ADA.LOVELACE@SOUK.EXAMPLE'], ['ada augusta lovelace']])(
    '%s is the e-mail address or the name of its owner',
    (password) => {
      expect(refusalOf(password)?.code).toBe('validation');
    },
  );

  it('that is neither is taken, and a refusal never repeats it', () => {
    expect(refusalOf('correct-horse-battery')).toBeUndefined();
    expect(JSON.stringify(refusalOf('Qwerty123456'))).not.toContain('Qwerty123456');
  });
});

describe('a presented password', () => {
  it('may be short, because people try', () => {
    expect(presentedPasswordSchema.safeParse('x').success).toBe(true);
    expect(presentedPasswordSchema.safeParse('').success).toBe(false);
  });
});

describe('the list of common passwords', () => {
  it('is whole', () => {
    expect(COMMON_PASSWORDS_COUNT).toBeGreaterThan(10_000);
    const common = createCommonPasswords();
    expect(common.has('123qweasdzxc')).toBe(true);
    expect(common.has('staple-battery-horse')).toBe(false);
  });
});
