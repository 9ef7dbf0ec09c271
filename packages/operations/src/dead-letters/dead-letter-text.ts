import type { DeadLetter, DeadLetterMessage } from '@souk/client';

const COLUMNS = ['SERVICE', 'ID', 'DEAD-LETTERED', 'TYPE', 'ORDER', 'ATTEMPTS', 'REASON'] as const;

/** A table with a line for each dead letter; the reason stands last, because it has no end. */
export function toTable(letters: readonly (DeadLetter & { service: string })[]): string {
  const rows = letters.map((letter) =>
    [
      letter.service,
      letter.id,
      letter.deadLetteredAt,
      letter.type ?? '-',
      letter.orderId ?? '-',
      String(letter.attempts),
      letter.reason,
    ].map(toOneLine),
  );
  const table = [[...COLUMNS], ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row.map((cell, column) => (column === COLUMNS.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n');
}

/** What came from outside must not move the cursor or colour the screen. */
function toOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}

/** One dead letter, its headers and its body as it would be read. */
export function toMessageText(letter: DeadLetterMessage): string {
  const { message } = letter;
  const fields = [
    ['id', letter.id],
    ['message id', letter.messageId ?? '-'],
    ['type', letter.type ?? '-'],
    ['order', letter.orderId ?? '-'],
    ['dead-lettered', letter.deadLetteredAt],
    ['attempts', String(letter.attempts)],
    ['reason', letter.reason],
    ['content type', message.contentType ?? '-'],
    ...Object.entries(message.headers).map(([name, value]) => [
      `header ${name}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  const width = Math.max(...fields.map(([name = '']) => name.length));
  const lines = fields.map(([name = '', value = '']) => `${name.padEnd(width)}  ${toOneLine(value)}`);
  return [...lines, '', toBodyText(message)].join('\n');
}

function toBodyText({ body, encoding }: DeadLetterMessage['message']): string {
  if (encoding === 'base64') return `(base64) ${body}`;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body.replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, ' ');
  }
}
