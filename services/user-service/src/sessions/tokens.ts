import { z } from 'zod';

export const tokensSchema = z
  .object({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresIn: z.int().min(1).meta({ description: 'Seconds' }),
    refreshToken: z.string(),
  })
  .meta({ id: 'Tokens' });

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
