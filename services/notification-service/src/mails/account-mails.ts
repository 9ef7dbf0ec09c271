import type { EventData } from '@souk/contracts';
import { formatTime } from './format.ts';
import { button, facts, type Mail, paragraph, renderMail } from './layout.ts';
import { greeting } from './order-mails.ts';

interface Links {
  publicUrl: string;
}

export function renderWelcome(user: EventData<'user.registered'>, { publicUrl }: Links): Mail {
  return renderMail({
    subject: 'Welcome to Souk',
    preheader: 'Your account is ready.',
    heading: 'Welcome to Souk',
    body: [
      paragraph(greeting(user.name)),
      paragraph('Your account is ready. Whatever you order from now on you find in one place.'),
      button('Visit the shop', publicUrl),
    ],
    publicUrl,
  });
}

/** `token` is the opened one: it goes into this mail and nowhere else. */
export function renderPasswordReset(
  reset: Pick<EventData<'user.password_reset_requested'>, 'name' | 'expiresAt'>,
  token: string,
  { publicUrl }: Links,
): Mail {
  return renderMail({
    subject: 'Choose a new password',
    preheader: 'Somebody, hopefully you, asked for a new password.',
    heading: 'Choose a new password',
    body: [
      paragraph(greeting(reset.name)),
      paragraph('Somebody asked for a new password for your account. If that was you, choose one here:'),
      button('Choose a new password', `${publicUrl}/reset-password?token=${encodeURIComponent(token)}`),
      paragraph(
        `The link works once, until ${formatTime(reset.expiresAt)}. If it was not you, do nothing: your password stays as it is.`,
      ),
    ],
    publicUrl,
  });
}

export function renderLowStock(stock: EventData<'inventory.low_stock'>, { publicUrl }: Links): Mail {
  return renderMail({
    subject: `Low stock: ${stock.name}`,
    preheader: `${stock.available} left of ${stock.name}.`,
    heading: 'A product is running low',
    body: [
      paragraph(`Of ${stock.name} there are ${stock.available} left to sell.`),
      facts([
        ['Product', stock.name],
        ['SKU', stock.sku],
        ['Available', String(stock.available)],
        ['Threshold', String(stock.threshold)],
        ['Product id', stock.productId],
      ]),
    ],
    publicUrl,
  });
}
