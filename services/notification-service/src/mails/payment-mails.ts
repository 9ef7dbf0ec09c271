import type { EventData } from '@souk/contracts';
import { formatMoney } from './format.ts';
import { facts, type Mail, paragraph, renderMail } from './layout.ts';
import { greeting } from './order-mails.ts';

interface Links {
  publicUrl: string;
}

export function renderReceipt(payment: EventData<'payment.completed'>, { publicUrl }: Links): Mail {
  const captured = formatMoney(payment.captured);
  return renderMail({
    subject: `Your receipt: ${captured}`,
    preheader: `We received your payment of ${captured}.`,
    heading: 'We received your payment',
    body: [
      paragraph(greeting(payment.name)),
      paragraph('This is the receipt for your payment.'),
      facts([
        ['Paid', captured],
        ['Order', payment.orderId],
        ['Payment', payment.paymentId],
      ]),
    ],
    publicUrl,
  });
}

export function renderRefund(payment: EventData<'payment.refunded'>, { publicUrl }: Links): Mail {
  const amount = formatMoney(payment.refundAmount ?? payment.refunded);
  return renderMail({
    subject: `Your refund: ${amount}`,
    preheader: `${amount} are on their way back to you.`,
    heading: 'Your money is on its way back',
    body: [
      paragraph(greeting(payment.name)),
      paragraph(
        `We have sent ${amount} back to the payment method you paid with. Your bank may need a few days to show it.`,
      ),
      facts([
        ['This refund', amount],
        ['Refunded so far', formatMoney(payment.refunded)],
        ['Paid', formatMoney(payment.captured)],
        ['Order', payment.orderId],
      ]),
    ],
    publicUrl,
  });
}
