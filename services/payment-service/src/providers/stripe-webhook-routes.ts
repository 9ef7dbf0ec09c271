import { Refusal } from '@souk/contracts';
import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import { applyWebhook, parseWebhook, type StripeWebhookContext } from './stripe-webhook.ts';

const SIGNATURE_HEADER = 'stripe-signature';

/** Without a context (another provider) the route exists in the document and answers 404. */
export function stripeWebhookRoutes(context: StripeWebhookContext | undefined): RouteDefinition[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/v1/payments/webhooks/stripe',
      access: 'anyone',
      operationId: 'receiveStripeWebhook',
      summary: "Stripe's own news of charges",
      description: 'Signed by Stripe-Signature; a repeated event has no further effect.',
      tags: ['payments'],
      rawBody: true,
      responses: {
        200: {
          description: 'Taken note of',
          schema: z.object({ received: z.literal(true) }).meta({ id: 'WebhookReceived' }),
          example: { received: true },
        },
      },
      problems: ['malformed', 'unauthorized', 'not-found', 'unsupported-media'],
      handler: async ({ request }) => {
        if (context === undefined) throw new Refusal('not-found', 'Payments are not made by Stripe here');
        const body = request.rawBody ?? Buffer.alloc(0);
        const event = parseWebhook(context, body, request.headers.get(SIGNATURE_HEADER));
        if (!isJson(request.headers.get('content-type'))) {
          throw new Refusal('unsupported-media', 'Expected application/json');
        }
        await applyWebhook(context, event);
        return reply.ok({ received: true });
      },
    }),
  ];
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
