import type { EventData, Money } from '@souk/contracts';
import { formatMoney } from './format.ts';
import { html } from './html.ts';
import type { MailBlock } from './layout.ts';

type OrderItem = EventData<'order.completed'>['items'][number];

const CELL = 'padding:8px 0;border-bottom:1px solid #eadfd2;vertical-align:top';
const NUMBER = `${CELL};padding-left:16px;text-align:right;white-space:nowrap`;

/** What was ordered, line by line, with the total. */
export function orderTable(items: readonly OrderItem[], total: Money): MailBlock {
  return {
    text: [
      ...items.map(
        (item) =>
          `  ${item.quantity} × ${item.name} (${item.sku})\n      ${formatMoney(item.unitPrice)} each, ${formatMoney(item.lineTotal)}`,
      ),
      `  Total: ${formatMoney(total)}`,
    ].join('\n'),
    html: html`<table cellpadding="0" cellspacing="0" style="width:100%;margin:0 0 16px;border-collapse:collapse">
<thead><tr>
<th scope="col" style="${CELL};text-align:left">Product</th>
<th scope="col" style="${NUMBER}">Quantity</th>
<th scope="col" style="${NUMBER}">Price</th>
<th scope="col" style="${NUMBER}">Sum</th>
</tr></thead>
<tbody>
${items.map(
  (item) => html`<tr>
<td style="${CELL}">${item.name}<br>
<span style="color:#6b5d52;font-size:13px">${item.sku}</span></td>
<td style="${NUMBER}">${item.quantity}</td>
<td style="${NUMBER}">${formatMoney(item.unitPrice)}</td>
<td style="${NUMBER}">${formatMoney(item.lineTotal)}</td>
</tr>`,
)}
<tr>
<td colspan="3" style="${CELL};font-weight:700">Total</td>
<td style="${NUMBER};font-weight:700">${formatMoney(total)}</td>
</tr>
</tbody>
</table>`,
  };
}
