import { Refusal } from '@souk/contracts';
import { z } from 'zod';
import type { CommonPasswords } from './common-passwords.ts';

export const PASSWORD_CODE_POINTS_MIN = 12;
export const PASSWORD_CODE_POINTS_MAX = 128;

function passwordText(message: string) {
  return (
    z
      .string()
      // A code point is at most two code units: the absurd is refused before it is counted.
      .max(PASSWORD_CODE_POINTS_MAX * 2, message)
      .refine((text) => [...text].length <= PASSWORD_CODE_POINTS_MAX, message)
      // Unpaired surrogates all become U+FFFD in UTF-8: different texts would be one password.
      .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'expected no control characters')
  );
}

/** A password to be set. Compared exactly afterwards: not trimmed, not normalised. */
export const newPasswordSchema = passwordText(
  `expected ${PASSWORD_CODE_POINTS_MIN} to ${PASSWORD_CODE_POINTS_MAX} characters`,
)
  .refine(
    (text) => [...text].length >= PASSWORD_CODE_POINTS_MIN,
    `expected ${PASSWORD_CODE_POINTS_MIN} to ${PASSWORD_CODE_POINTS_MAX} characters`,
  )
  .meta({
    format: 'password',
    minLength: PASSWORD_CODE_POINTS_MIN,
    maxLength: PASSWORD_CODE_POINTS_MAX,
    description: 'Not one of the 100,000 most used ones, nor the e-mail address or the name',
    example: 'correct-horse-battery',
  });

/** A password to be compared: any text that could ever have been set, and the short ones that people try. */
export const presentedPasswordSchema = passwordText(`expected at most ${PASSWORD_CODE_POINTS_MAX} characters`)
  .refine((text) => text !== '', 'expected a password')
  .meta({ format: 'password', maxLength: PASSWORD_CODE_POINTS_MAX, example: 'correct-horse-battery' });

export interface PasswordPolicy {
  /** Throws `Refusal` `validation` at `pointer` for a password that is easily guessed. The detail never repeats it. */
  assertHardToGuess(password: string, owner: { email: string; name: string }, pointer: string): void;
}

export function createPasswordPolicy(commonPasswords: CommonPasswords): PasswordPolicy {
  return {
    assertHardToGuess(password, owner, pointer) {
      const folded = password.toLowerCase();
      const isOwn = folded === owner.email.toLowerCase() || folded === owner.name.toLowerCase();
      if (!isOwn && !commonPasswords.has(password)) return;
      const detail = isOwn
        ? 'expected a password other than the e-mail address and the name'
        : 'expected a password that is not among the most used ones';
      throw new Refusal('validation', 'The password is too easily guessed', { errors: [{ pointer, detail }] });
    },
  };
}
