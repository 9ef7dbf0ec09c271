import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { Guard } from '../limits.ts';
import { emailSchema } from '../users/email.ts';
import { type ChangePasswordDeps, changePassword } from './change-password.ts';
import { type ConfirmPasswordResetDeps, confirmPasswordReset } from './confirm-password-reset.ts';
import { newPasswordSchema, presentedPasswordSchema } from './password-policy.ts';
import { type RequestPasswordResetDeps, requestPasswordReset } from './request-password-reset.ts';

export interface PasswordRouteDeps {
  change: ChangePasswordDeps;
  request: RequestPasswordResetDeps;
  confirm: ConfirmPasswordResetDeps;
  resetGuard: Guard;
  confirmationLimit: MiddlewareHandler;
}

const RESET_TOKEN_LENGTH_MAX = 512;

export function passwordRoutes(deps: PasswordRouteDeps): RouteDefinition[] {
  return [changeRoute(deps), requestRoute(deps), confirmRoute(deps)];
}

const tags = ['Passwords'];

function changeRoute(deps: PasswordRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'PUT',
    path: '/api/v1/users/me/password',
    access: 'user',
    operationId: 'changePassword',
    summary: 'Change the caller’s password',
    description: 'All other sessions end. A wrong current password is a validation error at `/currentPassword`.',
    tags,
    body: z
      .strictObject({ currentPassword: presentedPasswordSchema, newPassword: newPasswordSchema })
      .meta({ id: 'PasswordChange' }),
    bodyExample: { currentPassword: 'correct-horse-battery', newPassword: 'staple-battery-horse' },
    responses: { 204: { description: 'The password is changed' } },
    problems: ['rate-limited', 'unavailable'],
    handler: async ({ body, caller, request }) => {
      const { currentPassword, newPassword } = body;
      await changePassword(deps.change, { caller, currentPassword, newPassword, signal: request.signal });
      return reply.noContent();
    },
  });
}

function requestRoute(deps: PasswordRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/users/password-reset',
    access: 'anyone',
    operationId: 'requestPasswordReset',
    summary: 'Have a link mailed that resets the password',
    description: 'Answers the same, in the same time, whether there is such an account or not.',
    tags,
    body: z.strictObject({ email: emailSchema }).meta({ id: 'PasswordResetRequest' }),
    bodyExample: { email: 'customer@souk.example' },
    limits: [deps.resetGuard.address],
    responses: { 202: { description: 'If there is such an account, a mail is on its way' } },
    problems: ['rate-limited', 'unavailable'],
    handler: async ({ body, request }) => {
      await requestPasswordReset(deps.request, { email: body.email, traceparent: request.traceparent });
      return reply.accepted();
    },
  });
}

function confirmRoute(deps: PasswordRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/users/password-reset/confirm',
    access: 'anyone',
    operationId: 'confirmPasswordReset',
    summary: 'Set a new password by the token of a mail',
    description: 'The token works once. All sessions of the account end.',
    tags,
    body: z
      .strictObject({ token: z.string().min(1).max(RESET_TOKEN_LENGTH_MAX), newPassword: newPasswordSchema })
      .meta({ id: 'PasswordReset' }),
    bodyExample: { token: 'q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80', newPassword: 'staple-battery-horse' },
    limits: [deps.confirmationLimit],
    responses: { 204: { description: 'The password is changed' } },
    problems: ['invalid-reset-token', 'rate-limited', 'unavailable'],
    handler: async ({ body, request }) => {
      const { token, newPassword } = body;
      await confirmPasswordReset(deps.confirm, { token, newPassword, signal: request.signal });
      return reply.noContent();
    },
  });
}
