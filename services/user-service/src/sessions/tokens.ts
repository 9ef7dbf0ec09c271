import { z } from 'zod';

export const tokensSchema = z
  .object({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresIn: z.int().min(1).meta({ description: 'Seconds' }),
    refreshToken: z.string(),
  })
  .meta({ id: 'Tokens' });

export const TOKENS_EXAMPLE = {
  tokenType: 'Bearer',
  accessToken: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTlhYWJjZCJ9.c2lnbmF0dXJl',
  expiresIn: 600,
  refreshToken: 'q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80',
} satisfies z.infer<typeof tokensSchema>;

export type TokensAnswer = z.infer<typeof tokensSchema>;

export function toTokensAnswer(
  access: { token: string; expiresInSeconds: number },
  refreshToken: string,
): TokensAnswer {
  return {
    tokenType: 'Bearer',
    accessToken: access.token,
    expiresIn: access.expiresInSeconds,
    refreshToken,
  };
}
