import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TEMPLATES } from './deliveries/delivery.ts';
import { renderSms, renderTemplate } from './deliveries/render-delivery.ts';
import { escapeHtml } from './mails/html.ts';
import { PREVIEW_CONTENT } from './mails/preview-content.ts';
import { toMimeMessage } from './senders/mime-message.ts';

const FROM = 'Souk <no-reply@souk.example>';
const context = { publicUrl: 'http://localhost:3000', openToken: async () => 'a-token-that-opens-nothing' };

/** Renders every template into a folder: HTML and text to look at, the whole mail, and an index of them. */
async function previewMails(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const links: string[] = [];
  for (const template of TEMPLATES) {
    const content = JSON.stringify(PREVIEW_CONTENT[template]);
    const mail = await renderTemplate(template, content, context);
    const key = `preview-${template}`;
    const message = { ...mail, key, template, recipient: 'ada@souk.example' };
    writeFileSync(join(folder, `${template}.html`), mail.html);
    writeFileSync(join(folder, `${template}.txt`), mail.text);
    writeFileSync(join(folder, `${template}.eml`), toMimeMessage(message, { from: FROM, date: new Date() }));
    links.push(
      `<li><a href="${template}.html">${template}</a> · <a href="${template}.txt">text</a> · ` +
        `<a href="${template}.eml">mail</a> · ${escapeHtml(mail.subject)}</li>`,
    );
  }
  for (const template of ['shipped', 'delivered'] as const) {
    writeFileSync(
      join(folder, `${template}.sms.txt`),
      `${renderSms(template, JSON.stringify(PREVIEW_CONTENT[template]))}\n`,
    );
  }
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html>\n<meta charset="utf-8">\n<title>Mails of Souk</title>\n<ul>\n${links.join('\n')}\n</ul>\n`,
  );
}

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../dist/mail-preview'));
await previewMails(folder);
process.stdout.write(`Rendered ${TEMPLATES.length} templates: ${join(folder, 'index.html')}\n`);
