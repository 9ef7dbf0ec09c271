import type { EventData } from '@souk/contracts';
import { addressLines, formatMoney } from './format.ts';
import { facts, lines, type Mail, paragraph, renderMail } from './layout.ts';
import { orderTable } from './order-table.ts';

interface Links {
  publicUrl: string;
}

/** What mail programs make a link of, in any script. */
const LIKE_A_LINK = /[/\\@]|www\.|[\p{L}\p{N}]\.\p{L}{2,}/iu;

/**
 * A greeting that works without a name: of an erased user there is none. A name that holds an address of the web is no
 * name either: whoever registers with somebody else's e-mail address would send them a link in our mail.
 */
export function greeting(name: string): string {
  return name === '' || LIKE_A_LINK.test(name) ? 'Hello,' : `Hello ${name},`;
}

export function renderConfirmation(order: EventData<'order.completed'>, { publicUrl }: Links): Mail {
  return renderMail({
    subject: 'Your order is confirmed',
    preheader: `We have your order over ${formatMoney(order.total)} and prepare it for shipping.`,
    heading: 'Thank you for your order',
    body: [
      paragraph(greeting(order.name)),
      paragraph('Your order is paid and confirmed. We let you know as soon as it is on its way.'),
      orderTable(order.items, order.total),
      lines('Ships to', addressLines(order.shippingAddress)),
      facts([['Order', order.orderId]]),
    ],
    publicUrl,
  });
}

const CANCEL_REASONS: Record<string, string> = {
  customer: 'as you asked.',
  'payment-failed': 'because the payment was declined. You can order again with another payment method.',
  'reservation-expired': 'because it was not paid in time.',
};

export function renderCancellation(order: EventData<'order.cancelled'>, { publicUrl }: Links): Mail {
  const known = Object.hasOwn(CANCEL_REASONS, order.reason) ? CANCEL_REASONS[order.reason] : undefined;
  const why = known ?? `with this reason: ${order.reason}`;
  return renderMail({
    subject: 'Your order was cancelled',
    preheader: `Your order over ${formatMoney(order.total)} was cancelled.`,
    heading: 'Your order was cancelled',
    body: [
      paragraph(greeting(order.name)),
      paragraph(`Your order was cancelled ${why}`),
      paragraph('If it was paid already, the whole amount goes back to you; you get a mail when it is on its way.'),
      orderTable(order.items, order.total),
      facts([['Order', order.orderId]]),
    ],
    publicUrl,
  });
}

export function renderShipped(shipment: EventData<'order.shipped'>, { publicUrl }: Links): Mail {
  return renderMail({
    subject: 'Your order is on its way',
    preheader: `${shipment.carrier} has your parcel, tracking number ${shipment.trackingNumber}.`,
    heading: 'Your order is on its way',
    body: [paragraph(greeting(shipment.name)), paragraph('Your order has left our house.'), shipmentFacts(shipment)],
    publicUrl,
  });
}

export function renderDelivered(shipment: EventData<'order.delivered'>, { publicUrl }: Links): Mail {
  return renderMail({
    subject: 'Your order has arrived',
    preheader: `${shipment.carrier} has delivered your parcel.`,
    heading: 'Your order has arrived',
    body: [
      paragraph(greeting(shipment.name)),
      paragraph('Your order was delivered. We hope you enjoy it.'),
      shipmentFacts(shipment),
    ],
    publicUrl,
  });
}

function shipmentFacts(shipment: EventData<'order.shipped'>) {
  return facts([
    ['Order', shipment.orderId],
    ['Carrier', shipment.carrier],
    ['Tracking number', shipment.trackingNumber],
  ]);
}
