import { textSchema } from '@souk/contracts';
import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import type { Guard } from '../limits.ts';
import { newPasswordSchema } from '../passwords/password-policy.ts';
import { emailSchema } from './email.ts';
import { type RegisterUserDeps, registerUser } from './register-user.ts';
import { toUserAnswer, USER_EXAMPLE, userSchema } from './user.ts';

export const nameSchema = textSchema({ codePointsMax: 200 });

const registrationSchema = z
  .strictObject({ email: emailSchema, password: newPasswordSchema, name: nameSchema })
  .meta({ id: 'Registration' });

export function registrationRoutes(deps: { register: RegisterUserDeps; guard: Guard }): RouteDefinition[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/v1/users',
      access: 'anyone',
      operationId: 'registerUser',
      summary: 'Register an account',
      description: 'E-mail addresses are compared without regard to case, width and script variants of a letter.',
      tags: ['Users'],
      body: registrationSchema,
      bodyExample: { email: 'ada@souk.example', password: 'analytical-engine-1843', name: 'Ada Lovelace' },
      limits: [deps.guard.address],
      responses: {
        201: {
          description: 'The account',
          schema: userSchema,
          example: USER_EXAMPLE,
          headers: { Location: 'The account, for administrators', ETag: 'The version' },
        },
      },
      problems: ['email-taken', 'rate-limited', 'unavailable'],
      handler: async ({ body, request }) => {
        const user = await registerUser(deps.register, {
          email: body.email,
          password: body.password,
          name: body.name,
          signal: request.signal,
          traceparent: request.traceparent,
        });
        return reply.created(`/api/v1/users/${user.id}`, toUserAnswer(user), { etag: user.version });
      },
    }),
  ];
}
