import type { CloudEvent, EventType, SoukEvent } from '@souk/contracts';

/** The value of the header X-Souk-Template, and of `template` in notification.sent. */
export const TEMPLATES = [
  'welcome',
  'password-reset',
  'receipt',
  'confirmation',
  'cancellation',
  'shipped',
  'delivered',
  'refund',
  'low-stock',
] as const;
export type Template = (typeof TEMPLATES)[number];

export type Channel = 'email' | 'sms';

/** A message that an event leads to. */
export interface PlannedDelivery {
  eventId: string;
  template: Template;
  channel: Channel;
  recipient: string;
  orderId: string | null;
  userId: string | null;
  /** The event's data; what the template needs when the message is sent. */
  content: unknown;
  traceparent: string | null;
}

/** The events that lead to messages, and to which. payment.failed is not here: the cancellation tells the reason. */
export const TEMPLATE_OF = {
  'user.registered': 'welcome',
  'user.password_reset_requested': 'password-reset',
  'payment.completed': 'receipt',
  'order.completed': 'confirmation',
  'order.cancelled': 'cancellation',
  'order.shipped': 'shipped',
  'order.delivered': 'delivered',
  'payment.refunded': 'refund',
  'inventory.low_stock': 'low-stock',
} as const satisfies Partial<Record<EventType, Template>>;

export type AnnouncedType = keyof typeof TEMPLATE_OF;

const SMS_TEMPLATES: readonly Template[] = ['shipped', 'delivered'];

/** Policy: when something happens that a person wants to know then tell them, by every channel they can be reached on. */
export function planDeliveries(
  event: Extract<SoukEvent, CloudEvent<AnnouncedType>>,
  options: { adminEmail: string | undefined },
): PlannedDelivery[] {
  const template = TEMPLATE_OF[event.type];
  const shared = { eventId: event.id, template, content: event.data, traceparent: event.traceparent ?? null };
  if (event.type === 'inventory.low_stock') {
    const { adminEmail } = options;
    if (adminEmail === undefined) return [];
    return [{ ...shared, channel: 'email', recipient: adminEmail, orderId: null, userId: null }];
  }
  const { userId, email } = event.data;
  const orderId = 'orderId' in event.data ? event.data.orderId : null;
  const phone = 'phone' in event.data ? event.data.phone : null;
  const planned: PlannedDelivery[] = [];
  if (email !== null) planned.push({ ...shared, channel: 'email', recipient: email, orderId, userId });
  if (phone && SMS_TEMPLATES.includes(template)) {
    planned.push({ ...shared, channel: 'sms', recipient: phone, orderId, userId });
  }
  return planned;
}

/** The same at every try, so that a provider and a mailbox can tell a repeat. */
export function messageKeyOf(delivery: { eventId: string; template: string }): string {
  return `${delivery.eventId}-${delivery.template}`;
}
