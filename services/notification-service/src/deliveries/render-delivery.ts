import { type EventData, eventDataSchemas } from '@souk/contracts';
import { renderLowStock, renderPasswordReset, renderWelcome } from '../mails/account-mails.ts';
import type { Mail } from '../mails/layout.ts';
import { renderCancellation, renderConfirmation, renderDelivered, renderShipped } from '../mails/order-mails.ts';
import { renderReceipt, renderRefund } from '../mails/payment-mails.ts';
import type { AnnouncedType, Template } from './delivery.ts';

/** Opens the token of a password reset; only here, only when its mail is made. */
export type OpenToken = (sealed: string) => Promise<string>;

export interface RenderContext {
  publicUrl: string;
  openToken: OpenToken;
}

function read<T extends AnnouncedType>(type: T, content: string): EventData<T> {
  return eventDataSchemas[type].parse(JSON.parse(content)) as EventData<T>;
}

/** Makes the mail of a template from the stored event data. */
export async function renderTemplate(template: Template, content: string, context: RenderContext): Promise<Mail> {
  switch (template) {
    case 'welcome':
      return renderWelcome(read('user.registered', content), context);
    case 'password-reset': {
      const reset = read('user.password_reset_requested', content);
      return renderPasswordReset(reset, await context.openToken(reset.sealedToken), context);
    }
    case 'receipt':
      return renderReceipt(read('payment.completed', content), context);
    case 'confirmation':
      return renderConfirmation(read('order.completed', content), context);
    case 'cancellation':
      return renderCancellation(read('order.cancelled', content), context);
    case 'shipped':
      return renderShipped(read('order.shipped', content), context);
    case 'delivered':
      return renderDelivered(read('order.delivered', content), context);
    case 'refund':
      return renderRefund(read('payment.refunded', content), context);
    case 'low-stock':
      return renderLowStock(read('inventory.low_stock', content), context);
    default:
      return unreachable(template);
  }
}

/** When a message is of no use any more; a reset link that has expired is not sent. */
export function expiryOf(template: Template, content: string): Date | undefined {
  if (template !== 'password-reset') return undefined;
  return new Date(read('user.password_reset_requested', content).expiresAt);
}

/** The text of an SMS: one or two short sentences. */
export function renderSms(template: Template, content: string): string {
  if (template === 'shipped') {
    const { carrier, trackingNumber } = read('order.shipped', content);
    return `Souk: your order is on its way with ${carrier}, tracking number ${trackingNumber}.`;
  }
  const { carrier } = read('order.delivered', content);
  return `Souk: ${carrier} has delivered your order.`;
}

function unreachable(template: never): never {
  throw new TypeError(`No template ${String(template)}`);
}
